"""Scan maps keep what is visible exactly and the cell fraction to half a level."""

from __future__ import annotations

import numpy as np

from scenarios.maps import LEVELS, MapSum, pack, scan_map, unpack
from solvers.problem import Snapshot
from twin.grid import Grid


def snapshot(seed: int) -> Snapshot:
    rng = np.random.default_rng(seed)
    values = rng.random((1, 5, 6, 7), np.float32)
    values[:, :2] = 0
    return Snapshot(1.0, values, (slice(1, 6), slice(2, 8), slice(0, 7)), Grid((8, 9, 10), (1.0, 1.0, 1.0)))


def test_round_trip_and_sums():
    shots = [snapshot(s) for s in range(5)]
    total = MapSum(1, (8, 9, 10))
    for shot in shots:
        total.add(unpack(pack([scan_map(shot, 0.16)]), 1))
    seen = np.mean([s.full_visible() > 0.16 for s in shots], axis=0)
    cells = np.mean([s.full_cells() for s in shots], axis=0)
    np.testing.assert_allclose(total.probability(0), seen, atol=1e-7)
    np.testing.assert_allclose(total.mean(0), cells, atol=0.51 / LEVELS)


def test_empty_scan():
    empty = Snapshot(
        1.0, np.zeros((1, 5, 6, 7), np.float32), (slice(1, 6), slice(2, 8), slice(0, 7)), Grid((8, 9, 10), (1.0,) * 3)
    )
    total = MapSum(1, (8, 9, 10))
    total.add(unpack(pack([scan_map(empty, 0.16)]), 1))
    assert total.runs == 1 and total.mean(0).max() == 0 and total.probability(0).max() == 0
