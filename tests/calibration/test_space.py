"""The parameter space: priors in, admissible values out."""

from __future__ import annotations

import math

import numpy as np
import pytest

from calibration.space import Space
from twin.parameter import Parameter, Prior


def make(prior: Prior, low: float, high: float, name: str = "a") -> Parameter:
    return Parameter(name, name, "1", low, high, prior.median, prior, "", "")


LOG = make(Prior(0.1, 0.5), 0.01, 1.0)
LINEAR = make(Prior(2.0, 1.0, "linear"), 0.0, 3.0, "b")
FLAT = make(Prior(0.1, math.inf), 0.01, 1.0, "c")
SPACE = Space((LOG, LINEAR, FLAT))


def test_values_and_standard_units_invert_each_other():
    values = {"a": 0.3, "b": 1.5, "c": 0.5}
    assert SPACE.values(SPACE.standard(values)) == pytest.approx(values)


def test_zero_is_the_prior_median():
    assert SPACE.values(np.zeros(3)) == pytest.approx({"a": 0.1, "b": 2.0, "c": 0.1})


def test_values_never_leave_their_range():
    assert SPACE.values(np.full(3, 50.0)) == {"a": 1.0, "b": 3.0, "c": 1.0}


def test_uniform_quantiles_give_the_prior_cut_to_its_range():
    draws = SPACE.draws(np.random.default_rng(0), 4000)
    assert np.median(draws[:, 0]) == pytest.approx(0.1, rel=0.05)
    assert np.log(draws[:, 0]).std() == pytest.approx(0.5, rel=0.05)
    assert draws[:, 1].max() <= 3.0 and draws[:, 1].min() >= 0.0
    assert np.log(draws[:, 2]).std() == pytest.approx(math.log(100) / math.sqrt(12), rel=0.05)


def test_a_flat_prior_adds_no_precision():
    assert list(SPACE.precision) == [1.0, 1.0, 0.0]
