"""Awkward geometry: an irregular mask, a corridor one voxel wide, an island, voxels of 1.3 x 1.3 x 5 mm."""

from __future__ import annotations

import numpy as np

from solvers.models.fisher_kpp import FisherKPP
from solvers.problem import Problem
from solvers.simulate import solve
from solvers.verification.cases import BOTH, last, places, relative_l2
from solvers.verification.table import Row
from twin.grid import Grid
from twin.medium import Medium

GRID = Grid((5, 13, 31), (5.0, 1.3, 1.3))
CORRIDOR = (slice(2, 3), slice(6, 7), slice(7, 24))
MODEL = FisherKPP(diffusivity_mm2_per_day=1.5, proliferation_per_day=0.3)


def check(quick: bool) -> list[Row]:
    rows, cells = [], {}
    for engine in BOTH:
        cells[engine] = last(solve(_problem(), engine, "standard")).full_cells()
        rows += [
            Row(
                "Geometry", "through a corridor one voxel wide", engine, "cells beyond it", _beyond(cells[engine]), 1.0, 1e6
            ),
            Row(
                "Geometry",
                "an island without a bridge",
                engine,
                "cells on it",
                float(cells[engine][island()].max()),
                0.0,
                0.0,
            ),
            Row("Geometry", "walls", engine, "cells in them", float(cells[engine][~medium().domain].max()), 0.0, 0.0),
        ]
    what = "relative L2 difference"
    for engine in BOTH[1:]:
        difference = relative_l2(cells["native"], cells[engine])
        rows.append(Row("Geometry", "two chambers, 1.3 x 1.3 x 5 mm", "both", what, difference, 0.0, 1e-2))
    rows += [
        Row("Geometry", f"axes {order} instead of zyx", "native", what, turned(order), 0.0, 1e-4) for order in ("xyz", "yxz")
    ]
    return rows


def medium() -> Medium:
    """Two rough chambers, a corridor between them, an island in a corner."""
    _, y, x = places(GRID)
    rough = np.random.default_rng(1).uniform(4.5, 7.0, GRID.shape)
    domain = np.sqrt((np.abs(x) - 13.0) ** 2 + y**2) < rough
    domain[CORRIDOR] = True
    domain |= island()
    white = 0.5 + 0.5 * np.sin(y)
    return Medium.of_fractions(GRID, {"white": domain * white, "grey": domain * (1.0 - white)})


def island() -> np.ndarray:
    out = np.zeros(GRID.shape, bool)
    out[1:4, 0:2, 14:17] = True
    return out


def _problem() -> Problem:
    start = np.zeros(GRID.shape)
    start[2, 6, 6] = 0.8
    return Problem(MODEL, medium(), start, (40.0,))


def _beyond(cells: np.ndarray) -> float:
    return float(cells[..., 21:].sum())


def turned(order: str) -> float:
    """The same problem with its axes in another order: the answer must turn with it."""
    axes = tuple("zyx".index(letter) for letter in order)
    problem, here = _problem(), medium()
    spacing = tuple(GRID.spacing_mm[a] for a in axes)
    grid = Grid(tuple(GRID.shape[a] for a in axes), spacing)  # type: ignore[arg-type]
    fractions = {name: np.ascontiguousarray(f.transpose(axes)) for name, f in here.fractions.items()}
    there = Medium(grid, np.ascontiguousarray(here.domain.transpose(axes)), fractions)
    other = Problem(MODEL, there, problem.initial[0].transpose(axes).copy(), problem.days)
    found = last(solve(other, "native", "standard")).full_cells()
    return relative_l2(found, last(solve(problem, "native", "standard")).full_cells().transpose(axes))
