"""Which option is best, how often, and what choosing another would cost; nothing is called best that the draws do not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from scenarios.differences import SURE, at_horizon, meaningful
from scenarios.endpoint import Endpoint, endpoints
from scenarios.prepare import Comparison
from scenarios.waiting import waiting

NAME = "visible-volume"


def ranking(data: xr.Dataset, comparison: Comparison) -> dict[str, Any] | None:
    """The options by visible volume at the horizon, over the draws that all of them finished; None for fewer than two.

    ``probability_best``: share of the draws in which the option leaves the least (ties are shared). ``beats``: share in
    which it leaves less than another by the meaningful margin. ``regret``: what it leaves more than the best of that draw.
    ``waiting``: see :func:`~scenarios.waiting.waiting`.
    """
    e = endpoints[NAME]
    values = at_horizon(data, e)
    finished = np.isfinite(values.values).all(axis=0)
    if len(values) < 2 or not finished.any():
        return None
    loss, arms = values.values[:, finished], [str(a) for a in values["arm"].values]
    beaten = _beats(loss, e, comparison.margin)
    best = probability_best(loss)
    labels = {a.id: a.label for a in comparison.setup.arms}
    return {
        "endpoint": NAME,
        "unit": e.unit,
        "draws": int(finished.sum()),
        "margin_percent": 100.0 * comparison.margin,
        "options": [_option(i, arms, loss, best, beaten) for i in range(len(arms))],
        "sentence": _sentence(arms, best, beaten, labels),
        "waiting": waiting(data, comparison, loss, finished),
    }


def probability_best(loss: np.ndarray) -> np.ndarray:
    """(arm, draw) losses -> the share of the draws in which each arm has the least, ties shared."""
    least = loss <= loss.min(axis=0) + 1e-9
    return (least / least.sum(axis=0)).mean(axis=1)


def _beats(loss: np.ndarray, e: Endpoint, margin: float) -> np.ndarray:
    """(arm, other): the share of the draws in which the arm is lower than the other by the meaningful margin."""
    limit = meaningful(loss, e, margin)
    return np.array([[(mine < other - gap).mean() for other, gap in zip(loss, limit, strict=True)] for mine in loss])


def _option(i: int, arms: list[str], loss: np.ndarray, best: np.ndarray, beaten: np.ndarray) -> dict[str, Any]:
    regret = loss[i] - loss.min(axis=0)
    return {
        "arm": arms[i],
        "probability_best": float(best[i]),
        "beats": {other: float(beaten[i, j]) for j, other in enumerate(arms) if j != i},
        "regret": {"mean": float(regret.mean()), "high": float(np.percentile(regret, 95.0))},
    }


def _sentence(arms: list[str], best: np.ndarray, beaten: np.ndarray, labels: Mapping[str, str]) -> str:
    first = int(best.argmax())
    others = np.delete(beaten[first], first)
    if (others >= SURE).all():
        return (
            f"“{labels[arms[first]]}” leaves the smallest visible volume, by a clinically meaningful margin against every "
            f"other option in at least {100 * others.min():.0f} % of the simulated courses."
        )
    return (
        f"No option leaves the smallest visible volume by a clinically meaningful margin in {100 * SURE:.0f} % of the "
        "courses: the model names no best one."
    )
