"""What a problem refuses, and in which words."""

from __future__ import annotations

import numpy as np
import pytest

from solvers.models.fisher_kpp import FisherKPP
from solvers.problem import Problem
from solvers.scan import facts
from twin.errors import DataRefused
from twin.grid import Grid
from twin.medium import Medium

SHAPE = (4, 5, 6)


def problem(initial, days=(1.0,), start=0.0) -> Problem:
    domain = np.ones(SHAPE, bool)
    domain[0] = False
    return Problem(FisherKPP(), Medium.of_one_tissue(Grid(SHAPE, (1.0, 1.0, 1.0)), domain), initial, days, start)


def state(value=0.5, where=(2, 2, 2)) -> np.ndarray:
    u = np.zeros(SHAPE)
    u[where] = value
    return u


@pytest.mark.parametrize(
    "initial, words",
    [
        (np.zeros((3, 3, 3)), "shape"),
        (state(np.nan), "NaN or infinite"),
        (state(np.inf), "NaN or infinite"),
        (state(-0.1), r"from -0.1 to"),
        (state(1.2), r"to 1.2; it must lie in \[0, 1\]"),
        (state(0.5, (0, 1, 1)), "partly in a wall"),
    ],
)
def test_an_unusable_initial_state_is_refused(initial, words):
    with pytest.raises(DataRefused, match=words) as refused:
        problem(initial)
    assert refused.value.remedy


@pytest.mark.parametrize("days", [(), (2.0, 1.0), (1.0, 1.0), (np.nan,), (-1.0,)])
def test_times_out_of_order_are_refused(days):
    with pytest.raises(DataRefused, match="not increasing"):
        problem(state(), days)


def test_a_state_is_scanned_species_by_species():
    u = np.zeros((2, *SHAPE), np.float32)
    u[0, 1, 2, 3], u[1, 1, 2, 3], u[1, 3, 4, 5] = 0.25, 0.5, 0.125
    domain = np.ones(SHAPE, bool)
    domain[3] = False
    assert facts(u, (0, 1), domain)[:4] == (True, 0.0, 0.75, 0.125)
    assert facts(u, (0,), domain)[:4] == (True, 0.0, 0.25, 0.0)
    assert facts(u, (0,), np.ones(u.shape[1:], bool)).box == (slice(1, 4), slice(2, 5), slice(3, 6))
    assert facts(0 * u, (0,), np.ones(u.shape[1:], bool)).box == (slice(2, 3), slice(2, 3), slice(3, 4))
