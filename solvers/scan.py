"""What a state holds, in one pass over the memory: images are large, tumours small."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from solvers.compiled import compiled
from twin.grid import Box, triple


class Facts(NamedTuple):
    """Of a state (species, z, y, x): whether every value is finite, the lowest, the highest total and what lies in walls."""

    finite: bool
    lowest: float
    highest: float
    in_walls: float


def facts(state: np.ndarray, tumour: tuple[int, ...], domain: np.ndarray) -> Facts:
    """Lowest over every species; highest total and content of the walls over the ``tumour`` species."""
    members = np.zeros(len(state), np.bool_)
    members[list(tumour)] = True
    rows = np.zeros(state.shape[-1], np.float64)
    finite, lowest, highest, in_walls = _facts(state, members, np.ascontiguousarray(domain), rows)
    return Facts(bool(finite), float(lowest), float(highest), float(in_walls))


@compiled
def _facts(state, members, domain, total):
    lowest, highest, in_walls, broken = np.inf, -np.inf, 0.0, 0
    for z in range(state.shape[1]):
        for y in range(state.shape[2]):
            total[:] = 0
            tissue = domain[z, y]
            for s in range(state.shape[0]):
                row = state[s, z, y]
                least = row[0]
                for x in range(row.size):
                    least = min(least, row[x])
                    broken += not (abs(row[x]) < np.inf)
                lowest = min(lowest, least)
                if members[s]:
                    for x in range(row.size):
                        total[x] += row[x]
            most = total[0]
            for x in range(total.size):
                most = max(most, total[x])
                in_walls += 0.0 if tissue[x] else total[x]
            highest = max(highest, most)
    return broken == 0, lowest, highest, in_walls


@compiled
def _occupied(state, out):
    for z in range(state.shape[1]):
        for y in range(state.shape[2]):
            for s in range(state.shape[0]):
                row = state[s, z, y]
                filled = 0
                for x in range(row.size):
                    filled += row[x] != 0
                if filled:
                    first, last = 0, row.size
                    while row[first] == 0:
                        first += 1
                    while row[last - 1] == 0:
                        last -= 1
                    out[0], out[1] = min(out[0], z), max(out[1], z + 1)
                    out[2], out[3] = min(out[2], y), max(out[3], y + 1)
                    out[4], out[5] = min(out[4], first), max(out[5], last)


def occupied(state: np.ndarray) -> Box:
    """The bounding box of what is not zero in any species, or the middle voxel; ``state`` (species, z, y, x)."""
    shape = state.shape[1:]
    out = np.array([v for n in shape for v in (n, 0)])
    _occupied(state, out)
    if out[1] == 0:
        return triple(slice(n // 2, n // 2 + 1) for n in shape)
    return triple(slice(int(out[2 * k]), int(out[2 * k + 1])) for k in range(3))
