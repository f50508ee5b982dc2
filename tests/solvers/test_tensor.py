"""Diffusion tensors of cells from those of water."""

from __future__ import annotations

import numpy as np
import pytest

from solvers.tensor import cell_tensor
from twin.errors import DataRefused

SHAPE = (1, 1, 3)


def along_z(l1: float, l2: float, l3: float) -> np.ndarray:
    out = np.zeros((6, *SHAPE))
    out[0], out[3], out[5] = l1, l2, l3
    return out


def test_the_trace_is_three_and_fibres_are_sharpened():
    domain = np.ones(SHAPE, bool)
    mild = cell_tensor(along_z(1.5, 0.5, 0.5), domain, 1.0)
    sharp = cell_tensor(along_z(1.5, 0.5, 0.5), domain, 5.0)
    for t in (mild, sharp):
        assert t[[0, 3, 5]].sum(axis=0) == pytest.approx(3.0)
    assert mild[[0, 3, 5], 0, 0, 0] == pytest.approx([1.0, 1.0, 1.0])
    linear, spherical = 1.0 / 2.5, 1.5 / 2.5
    expected = np.array([5 * linear + spherical, 1.0, 1.0])
    assert sharp[[0, 3, 5], 0, 0, 0] == pytest.approx(3 * expected / expected.sum())


def test_it_turns_with_the_fibres_and_stays_positive():
    angle = 0.6
    turn = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    water = turn @ np.diag([2.0, 1.0, 0.3]) @ turn.T
    components = np.array([water[i, j] for i, j in ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))])
    t = cell_tensor(np.broadcast_to(components[:, None, None, None], (6, *SHAPE)), np.ones(SHAPE, bool))[:, 0, 0, 0]
    full = np.array([[t[0], t[1], t[2]], [t[1], t[3], t[4]], [t[2], t[4], t[5]]])
    values, vectors = np.linalg.eigh(full)
    assert values.min() > 0 and abs(vectors[:, -1] @ turn[:, 0]) == pytest.approx(1.0, abs=1e-6)


def test_noise_and_walls_are_isotropic():
    domain = np.array([[[True, True, False]]])
    water = along_z(2.0, 1.0, 1.0)
    water[:, 0, 0, 1] = [-0.1, 0, 0, 1.0, 0, 1.0]
    t = cell_tensor(water, domain, 3.0)
    assert t[:, 0, 0, 1] == pytest.approx([1, 0, 0, 1, 0, 1])
    assert t[:, 0, 0, 2] == pytest.approx([1, 0, 0, 1, 0, 1])


def test_a_tensor_on_another_grid_or_with_gaps_is_refused():
    with pytest.raises(DataRefused, match="diffusion tensor has shape"):
        cell_tensor(np.ones((6, 2, 2, 2)), np.ones(SHAPE, bool))
    water = along_z(1.0, 1.0, 1.0)
    water[0, 0, 0, 0] = np.nan
    with pytest.raises(DataRefused, match="missing values"):
        cell_tensor(water, np.ones(SHAPE, bool))
