"""The verification command: measure everything, print it, save it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from solvers.verification import (
    agreement,
    bounds,
    closed_forms,
    conservation,
    convergence,
    geometry,
    repeatable,
    space,
    time,
    waves,
)
from solvers.verification.table import Row, Table
from twin.progress import SILENT, Progress, stage

CHECKS: dict[str, Callable[..., list[Row]]] = {
    "order in space": space.check,
    "order in time": time.check,
    "front speed": waves.check,
    "conservation": conservation.check,
    "closed forms": closed_forms.check,
    "two engines": agreement.check,
    "geometry": geometry.check,
    "same bits": repeatable.check,
    "grid convergence": convergence.check,
    "bounds": bounds.check,
}
"""Every question, in the order of the table."""


def verify(quick: bool = False, out: Path | None = None, progress: Progress = SILENT) -> Table:
    """Run every check; with ``out``, save ``verification.md`` and ``verification.json`` there.

    ``quick`` takes about two minutes with fewer draws and smaller grids, the full form tens of minutes. A failed check is a
    row of the table (``table.passed``, ``table.failed``), not an exception.
    """
    rows: list[Row] = []
    with stage(progress, "verifying the solvers", len(CHECKS)):
        for name, check in CHECKS.items():
            rows += check(quick)
            progress.advance(note=name)
    table = Table(tuple(rows), quick)
    if out is not None:
        table.save(out)
    return table
