"""The predicted visible lesion, measured once for all endpoints that look at the same scan."""

from __future__ import annotations

from scenarios.endpoint import Sight
from solvers.problem import Snapshot
from twin.geometry.measure import Measurement, measure

_last: list[tuple[Snapshot, float, Measurement | None]] = []


def visible_lesion(snapshot: Snapshot, sight: Sight) -> Measurement | None:
    """Longest axial diameter and its perpendicular of what a scan would show; None where nothing is visible."""
    if not (_last and _last[0][0] is snapshot and _last[0][1] == sight.threshold):
        grid = snapshot.grid.crop(snapshot.box)
        _last[:] = [(snapshot, sight.threshold, measure(snapshot.visible > sight.threshold, grid))]
    return _last[0][2]
