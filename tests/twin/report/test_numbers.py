from __future__ import annotations

import numpy as np
import pytest

from twin.report import numbers as n


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (float("nan"), "–"),
        (float("inf"), "–"),
        (0, "0"),
        (0.0123456, "0.0123"),
        (-3.14159, "−3.14"),
        (12345.6, "12\u202f346"),
        (2e-7, "2·10⁻⁷"),
    ],
)
def test_numbers_have_three_figures_and_a_true_minus(value, text):
    assert n.number(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0.456, "0.46"), (12.34, "12.3"), (99.96, "100"), (123.4, "123"), (-0.001, "0"), (-5.55, "−5.5")]
)
def test_volumes(value, text):
    assert n.volume(value) == text


def test_a_share_is_never_rounded_to_certainty():
    assert n.share(1.0) == "100\u202f%"
    assert n.share(0.996) == ">\u202f99\u202f%"
    assert n.share(0.004) == "<\u202f1\u202f%"
    assert n.share(0.0) == "0\u202f%"


def test_waiting_counts_what_never_comes_as_later_than_the_horizon():
    draws = np.array([20.0, 30.0, 40.0, np.nan, np.nan, np.nan, np.nan])
    middle, interval, free = n.waiting(draws, 140)
    assert middle == ">\u202f140" and interval == "20 – >\u202f140" and free == pytest.approx(4 / 7)


def test_summary_ignores_missing_draws_and_survives_none():
    assert n.summary([1.0, np.nan, 3.0])[1] == 2.0
    assert np.isnan(n.summary([np.nan])).all()


def test_signs():
    assert n.signed("3.1") == "+3.1" and n.signed("−3.1") == "−3.1" and n.signed("0") == "0" and n.signed("–") == "–"


def test_a_difference_is_no_finer_than_the_value_beside_it():
    assert [n.decimals(n.number(v)) for v in (106.0, 48.3, 9.15, 1234.0, 0, 2e-7)] == [0, 1, 2, 0, 3, 3]
    assert [n.gap(v, 1) for v in (0.064, 0.04, -0.04, -12.34, None)] == ["+0.1", "0", "0", "−12.3", "–"]
    assert n.gap(-4.43, 0) == "−4" and n.gap(1437.0, 0) == "+1\u202f437"
