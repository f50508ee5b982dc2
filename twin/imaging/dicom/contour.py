"""From voxels to contours along voxel edges: read back by :mod:`twin.imaging.dicom.raster` they give the same voxels."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import numpy as np

from twin.grid import Grid

Corner = tuple[int, int]


def contours(mask: np.ndarray, grid: Grid) -> list[np.ndarray]:
    """Closed polygons (n, 3; mm) around the true voxels of every plane (z); holes are polygons of their own."""
    found = []
    for k in np.flatnonzero(mask.any(axis=(1, 2))):
        for loop in outlines(mask[k]):
            zyx = np.column_stack([np.full(len(loop), k, float), loop - 0.5])
            found.append(grid.index_to_mm(zyx))
    return found


def outlines(plane: np.ndarray) -> list[np.ndarray]:
    """Corner points (row, column; pixel (0, 0) reaches from 0 to 1) of closed loops with the true pixels to their left."""
    following = _edges(plane)
    loops = []
    while following:
        start = next(iter(following))
        loop = list(_walk(start, following))
        loops.append(_straight(np.array(loop)))
    return loops


def _edges(plane: np.ndarray) -> dict[Corner, list[Corner]]:
    """Directed pixel edges between true and false: corner -> next corners."""
    wide = np.pad(plane.astype(bool), 1)
    inside = wide[1:-1, 1:-1]
    following: dict[Corner, list[Corner]] = defaultdict(list)
    sides = (
        (wide[:-2, 1:-1], (0, 1), (0, 0)),
        (wide[2:, 1:-1], (1, 0), (1, 1)),
        (wide[1:-1, :-2], (0, 0), (1, 0)),
        (wide[1:-1, 2:], (1, 1), (0, 1)),
    )
    for neighbour, begin, end in sides:
        for r, c in np.argwhere(inside & ~neighbour).tolist():
            following[r + begin[0], c + begin[1]].append((r + end[0], c + end[1]))
    return following


def _walk(start: Corner, following: dict[Corner, list[Corner]]) -> Iterator[Corner]:
    """One loop; its edges are taken out. Where two loops touch at a corner, it turns left, so that they stay apart."""
    here, came = start, (0, 0)
    while True:
        yield here
        options = following[here]
        step = max(options, key=lambda p: _turn(came, (p[0] - here[0], p[1] - here[1])))
        options.remove(step)
        if not options:
            del following[here]
        came, here = (step[0] - here[0], step[1] - here[1]), step
        if here == start:
            return


def _turn(came: Corner, goes: Corner) -> int:
    """Positive for a turn towards the inside."""
    return came[1] * goes[0] * -1 + came[0] * goes[1]


def _straight(loop: np.ndarray) -> np.ndarray:
    """Without points on a straight line."""
    before, after = np.roll(loop, 1, axis=0), np.roll(loop, -1, axis=0)
    a, b = loop - before, after - loop
    return loop[(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]) != 0]
