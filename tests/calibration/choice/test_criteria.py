"""Leaving out by importance sampling against leaving out for true, and the weights of models."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from calibration.choice.criteria import criterion, stacking

RNG = np.random.default_rng(0)
DATA = RNG.normal(0.3, 1.0, 40)


def draws_of_the_mean(spread: float) -> np.ndarray:
    """log p(piece | draw) of a normal mean with a flat prior and known ``spread``."""
    mean = RNG.normal(DATA.mean(), spread / np.sqrt(DATA.size), 2000)
    return norm.logpdf(DATA[None], mean[:, None], spread)


def exact(spread: float) -> float:
    """The same with each piece truly left out."""
    left = [np.delete(DATA, i) for i in range(DATA.size)]
    wide = spread * np.sqrt(1 + 1 / (DATA.size - 1))
    return float(sum(norm.logpdf(x, rest.mean(), wide) for x, rest in zip(DATA, left, strict=True)))


def test_importance_sampling_agrees_with_leaving_out():
    found = criterion(draws_of_the_mean(1.0))
    assert found.elpd == pytest.approx(exact(1.0), abs=0.1)
    assert found.waic == pytest.approx(found.elpd, abs=0.1)
    assert found.k_unsure == 0 and found.error > 1


def test_the_better_model_gets_the_weight():
    right, wrong = criterion(draws_of_the_mean(1.0)), criterion(draws_of_the_mean(4.0))
    weights = stacking([wrong, right])
    assert right.elpd > wrong.elpd and weights[1] > 0.9 and weights.sum() == pytest.approx(1)


def test_a_piece_that_no_draw_changes_is_certain():
    flat = np.full((50, 1), -1.3)
    assert criterion(flat).elpd == pytest.approx(-1.3) and criterion(flat).k_largest == 0


def test_a_piece_that_most_draws_do_not_reach_is_weighed_without_a_tail():
    """Where no cell is predicted by most draws their log densities are the same, and so are the largest ratios."""
    loglik = np.full((100, 1), -2.0)
    loglik[:10, 0] = np.linspace(-1.0, -0.5, 10)
    found = criterion(loglik)
    ratio = np.exp(-loglik[:, 0])
    assert found.elpd == pytest.approx(np.log(len(ratio) / ratio.sum())) and found.k_largest == 0
