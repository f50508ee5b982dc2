"""A model's damping of the diffusion, evaluated on the part of the medium that it needs."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from solvers.model import GrowthModel
from solvers.native.region import Region
from solvers.native.window import Window
from twin.grid import Box, triple
from twin.medium import Medium

WIDTH_MM = 16.0
"""Width of healthy tissue around the region that the model is shown."""


def damping_factor(
    model: GrowthModel, medium: Medium, window: Window, region: Region, u: np.ndarray, removed: np.ndarray | None
) -> np.ndarray:
    """The model's factor as a flat array of the window, one where the model was not asked."""
    sides = window.in_grid(region.sides() or triple([slice(0, 1)] * 3))
    margin = [math.ceil(WIDTH_MM / h) for h in medium.grid.spacing_mm]
    box = triple(
        slice(max(0, s.start - m), min(n, s.stop + m)) for s, m, n in zip(sides, margin, medium.grid.shape, strict=True)
    )
    part = medium.crop(box)
    if removed is not None:
        part = replace(part, domain=part.domain & ~removed[box])
    here, there = _overlap(box, window.box)
    cells = np.zeros(part.grid.shape)
    cells[here] = window.view(u)[(list(model.tumour_species), *there)].sum(axis=0)
    factor: np.ndarray = np.ones(window.size, u.dtype)
    window.view(factor)[there] = model.damping(np.clip(cells, 0, 1), part)[here]
    return factor


def _overlap(box: Box, other: Box) -> tuple[Box, Box]:
    """The common part of two boxes, seen from each."""
    common = [slice(max(s.start, o.start), min(s.stop, o.stop)) for s, o in zip(box, other, strict=True)]
    here = triple(slice(c.start - s.start, c.stop - s.start) for c, s in zip(common, box, strict=True))
    there = triple(slice(c.start - s.start, c.stop - s.start) for c, s in zip(common, other, strict=True))
    return here, there
