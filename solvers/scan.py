"""What a state holds, in one pass over the memory: images are large, tumours small."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from solvers.compiled import compiled
from twin.grid import Box, triple


class Facts(NamedTuple):
    """Of a state (species, z, y, x): whether every value is finite, the lowest, the highest total, what lies in walls.

    ``box`` holds all that is not zero in any species; it is the middle voxel where everything is.
    """

    finite: bool
    lowest: float
    highest: float
    in_walls: float
    box: Box


def facts(state: np.ndarray, tumour: tuple[int, ...], domain: np.ndarray) -> Facts:
    """Lowest over every species; highest total and content of the walls over the ``tumour`` species."""
    members = np.zeros(len(state), np.bool_)
    members[list(tumour)] = True
    shape = state.shape[1:]
    ends = np.array([v for n in shape for v in (n, 0)])
    rows = np.zeros(shape[2], np.float64)
    finite, lowest, highest, in_walls = _facts(state, members, np.ascontiguousarray(domain), rows, ends)
    if ends[1] == 0:
        ends = np.array([v for n in shape for v in (n // 2, n // 2 + 1)])
    box = triple(slice(int(ends[2 * k]), int(ends[2 * k + 1])) for k in range(3))
    return Facts(bool(finite), float(lowest), float(highest), float(in_walls), box)


@njit
def _hull(row):
    """How many numbers are not zero, the first of them, one past the last."""
    filled, low, high = 0, 0, row.size
    for x in range(row.size):
        filled += row[x] != 0
    if filled:
        while row[low] == 0:
            low += 1
        while row[high - 1] == 0:
            high -= 1
    return filled, low, high


@njit
def _include(ends, *sides):
    for k in range(3):
        ends[2 * k], ends[2 * k + 1] = min(ends[2 * k], sides[2 * k]), max(ends[2 * k + 1], sides[2 * k + 1])


@compiled
def _facts(state, members, domain, total, ends):
    """Rows that hold nothing are read once and left."""
    lowest, highest, in_walls, broken = np.inf, 0.0, 0.0, 0
    for z in range(state.shape[1]):
        for y in range(state.shape[2]):
            first, last = total.size, 0
            for s in range(state.shape[0]):
                row = state[s, z, y]
                filled, low, high = _hull(row)
                if filled < row.size:
                    lowest = min(lowest, 0.0)
                if filled == 0:
                    continue
                first, last = min(first, low), max(last, high)
                for x in range(low, high):
                    lowest = min(lowest, row[x])
                    broken += not (abs(row[x]) < np.inf)
                    if members[s]:
                        total[x] += row[x]
            if last:
                _include(ends, z, z + 1, y, y + 1, first, last)
            for x in range(first, last):
                highest = max(highest, total[x])
                in_walls += 0.0 if domain[z, y, x] else total[x]
            total[first:last] = 0
    return broken == 0, lowest, highest, in_walls
