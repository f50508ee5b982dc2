"""Runs as a labelled dataset: what was read off them, and what follows from whole courses."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from scenarios.adaptive import SWITCHED
from scenarios.arms import NONE, Arm
from scenarios.endpoint import Derived, Endpoint, Measured, Planned, Sight, endpoints
from scenarios.simulated import Setup

Values = Callable[[int, str], Mapping[str, np.ndarray] | None]
"""(draw, arm) -> what was read off that run, by variable; None where there is none."""


def labelled(
    setup: Setup, names: Sequence[str], sight: Sight, arms: Sequence[Arm], draws: Sequence[int], values: Values
) -> xr.Dataset:
    """The endpoints of these arms and draws, with dims (arm, draw), (arm, draw, t) or (arm, draw, scan), and by organ.

    Runs that are missing are NaN. Endpoints that compare with no treatment look at the arm "none" of ``setup``.
    """
    control = [a for a in setup.arms if a.id == NONE and a not in arms]
    data = _read(setup, sight, [*control, *arms], draws, values)
    for e in derived(names):
        found = e.derive(data, sight)
        if found is not None:
            data[e.variable] = (("arm", "draw", "organ")[: found.ndim], found, described(e))
    return data.isel(arm=slice(len(control), None))


def derived(names: Sequence[str]) -> list[Derived]:
    """The endpoints among ``names`` that are computed from whole courses."""
    return [e for name in names if isinstance(e := endpoints[name], Derived)]


def described(e: Endpoint) -> dict[str, str]:
    return {"units": e.unit, "long_name": e.label}


def _read(setup: Setup, sight: Sight, arms: Sequence[Arm], draws: Sequence[int], values: Values) -> xr.Dataset:
    kinds = [e for name in setup.measured if isinstance(e := endpoints[name], Measured | Planned)]
    sizes = {"t": len(setup.timeline.days), "scan": len(setup.timeline.scans), "organ": len(sight.organs)}
    sizes |= {"arm": len(arms), "draw": len(draws)}
    arrays = {e.variable: np.full([sizes[d] for d in _dims(e)], np.nan) for e in kinds}
    if setup.adapting:
        arrays |= {name: np.full((len(arms), len(draws)), np.nan) for name in SWITCHED}
    for a, arm in enumerate(arms):
        for d, draw in enumerate(draws):
            found = values(draw, arm.id) or {}
            for name in found.keys() & arrays.keys():
                arrays[name][a, d] = found[name]
    variables: dict[str, Any] = {e.variable: (_dims(e), arrays[e.variable], described(e)) for e in kinds}
    if setup.adapting:
        variables |= {name: (("arm", "draw"), arrays[name], about) for name, about in SWITCHED.items()}
    return xr.Dataset(variables, coords=_coordinates(setup, sight, arms, draws))


def _coordinates(setup: Setup, sight: Sight, arms: Sequence[Arm], draws: Sequence[int]) -> dict[str, Any]:
    coords: dict[str, Any] = {
        "arm": [arm.id for arm in arms],
        "draw": list(draws),
        "t": ("t", list(setup.timeline.days), {"units": "day"}),
        "scan": ("scan", list(setup.timeline.scans), {"units": "day"}),
        "label": ("arm", [arm.label for arm in arms]),
    }
    for name in sorted({name for arm in arms for name in arm.varied}):
        coords[f"vary_{name}"] = ("arm", [arm.varied.get(name, np.nan) for arm in arms])
    if sight.organs:
        coords["organ"] = list(sight.organs)
    return coords


def _dims(e: Endpoint) -> tuple[str, ...]:
    if not isinstance(e, Measured):
        return ("arm", "draw")
    return ("arm", "draw", e.at, "organ") if e.by_organ else ("arm", "draw", e.at)
