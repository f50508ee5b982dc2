"""What draws are worth: all of them where the density is the posterior, few where it is not, and both are said."""

from __future__ import annotations

import numpy as np
import pytest

from calibration.objective import FAILED
from calibration.worth import quick_worth, with_worth

EMPTY: dict = {"sentences": [], "warnings": []}


def test_draws_of_the_posterior_itself_are_all_worth_one():
    z = np.random.default_rng(0).standard_normal(50)
    found = quick_worth(0.5 * z**2 + 3.0, -0.5 * z**2)
    assert found["effective_draws"] == pytest.approx(50.0) and found["pareto_k"] == 0.0
    summary = with_worth(EMPTY, found)
    assert "50 draws of the quick form are worth 50" in summary["sentences"][0] and summary["warnings"] == []


def test_kish_number_and_tail_of_a_form_that_is_too_narrow():
    """q with 1/sqrt(2) of the spread: w ~ exp(z^2 / 2) over N(0, 1/2) has a Pareto tail with k = 1/2."""
    z = np.random.default_rng(0).standard_normal(20000) / np.sqrt(2.0)
    found = quick_worth(0.5 * z**2, -(z**2))
    weight = np.exp(0.5 * z**2)
    assert found["effective_draws"] == pytest.approx(weight.sum() ** 2 / (weight**2).sum())
    assert found["pareto_k"] == pytest.approx(0.5, abs=0.15)


def test_a_form_that_misses_the_posterior_is_warned_about_with_a_remedy():
    z = np.random.default_rng(0).standard_normal(50)
    found = quick_worth(0.5 * (z - 4.0) ** 2, -0.5 * z**2)
    assert found["effective_draws"] < 10
    (warning,) = with_worth(EMPTY, found)["warnings"]
    assert "poorly" in warning and "--posterior sampler" in warning
    assert "hold" in with_worth(EMPTY, found, "hold a scan out")["warnings"][0]


def test_what_failed_weighs_nothing_and_of_few_draws_nothing_is_said():
    z = np.random.default_rng(0).standard_normal(40)
    cost = np.where(np.arange(40) < 10, FAILED, 0.5 * z**2)
    found = quick_worth(cost, -0.5 * z**2)
    assert (found["failed"], found["evaluations"]) == (10, 40) and found["effective_draws"] == pytest.approx(30.0)
    assert quick_worth(cost[:30], -0.5 * z[:30] ** 2) == {} and with_worth(EMPTY, {}) is EMPTY


def test_a_sampled_calibration_says_how_its_halves_agree():
    facts = {"evaluations": 64, "failed": 0, "effective_draws": 80.0, "rhat": {"proliferation_per_day": 1.3, "a": 1.0}}
    summary = with_worth({"sentences": [], "warnings": []}, facts)
    assert summary["sampling"]["rhat"]["a"] == 1.0
    assert "1.300 at most (proliferation_per_day" in summary["sentences"][1]
    assert summary["warnings"] == [
        "Two halves of the draws disagree (R-hat above 1.1) on proliferation_per_day: the posterior has not converged."
    ]
