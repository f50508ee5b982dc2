"""Which further scan date would narrow the forecast most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from calibration.observation.volume import RELATIVE_SPREAD

SOONEST_DAYS, EVERY_DAYS = 7.0, 7.0
"""The first candidate after the last visit seen, and the step between two."""

NEARLY = 0.8
"""Share of the best date's gain that an earlier date must reach to be named beside it."""

FEWEST = 12
"""Draws below which nothing is said: a regression on them would fit noise."""


@dataclass(frozen=True)
class Candidate:
    """A scan on ``day``, and the share of the variance of ln(volume) on the forecast's last day that it would take away."""

    day: float
    reduction: float


def candidates(fit: xr.Dataset, decision_day: float, reading: float = RELATIVE_SPREAD) -> list[Candidate]:
    """One a week from the last visit seen to halfway to the forecast's last day, from the draws of a forecast.

    Each draw is taken for the truth in turn: its volume on a candidate day, read with the reader's error, is a datum. What a
    regression of ln(volume on the last day) on ln(datum) (a parabola) leaves over is the expected posterior variance
    (preposterior analysis by regression: Strong et al. 2014, Med Decis Making 34:311); the share is 1 minus that over the
    variance now, adjusted for the regression's degrees of freedom, with the error in its closed form for the linear part.
    ``reading``: spread of ln(volume) of a reading, 0 where the volumes of ``fit`` hold it already. Limits: only the volume
    of the scan is counted, not its image; a scan later than halfway tells more of the last day but comes too late to act
    on, and is left out.
    """
    days = fit["t"].values
    table = np.log(np.maximum(fit["volume_ml"].values, 1e-6))
    table = table[np.isfinite(table).all(axis=1)]
    target, last = table[:, -1], float(days[-1])
    if len(table) < FEWEST or last <= decision_day or target.var() < 1e-8:
        return []
    wanted = np.arange(decision_day + SOONEST_DAYS, decision_day + (last - decision_day) / 2 + 1e-9, EVERY_DAYS)
    nearest = dict.fromkeys(int(np.argmin(abs(days - w))) for w in wanted)
    return [Candidate(float(days[k]), _reduction(table[:, k], target, reading)) for k in nearest]


def _reduction(datum: np.ndarray, target: np.ndarray, reading: float) -> float:
    """Adjusted share of the variance that a datum read with error explains."""
    size, spread = len(datum), datum.std()
    if spread < 1e-9:
        return 0.0
    x = (datum - datum.mean()) / spread
    design = np.stack([np.ones(size), x, x**2], axis=1)
    left = target - design @ np.linalg.lstsq(design, target, rcond=None)[0]
    explained = 1.0 - (left @ left / (size - 3)) / target.var(ddof=1)
    reliable = spread**2 / (spread**2 + reading**2)
    return float(np.clip(explained * reliable, 0.0, 1.0))


def told(found: Sequence[Candidate], last_day: float) -> list[str]:
    """The best date in words, and an earlier one that is nearly as good."""
    if not found:
        return []
    best = max(found, key=lambda c: c.reduction)
    if best.reduction < 0.05:
        last = found[-1].day
        return [f"No scan up to day {last:g} would narrow the forecast of day {last_day:g} by 5 % of its variance."]
    words = (
        f"A scan on day {best.day:g} would narrow the forecast of day {last_day:g} most: by {100 * best.reduction:.0f} % of "
        "its variance, as expected from the draws"
    )
    early = next(c for c in found if c.reduction >= NEARLY * best.reduction)
    if early.day < best.day:
        words += f"; one on day {early.day:g} already by {100 * early.reduction:.0f} %"
    return [words + "."]


def with_next_scan(summary: dict[str, Any], fit: xr.Dataset, reading: float = RELATIVE_SPREAD) -> dict[str, Any]:
    """The summary of a calibration with ``next_scan`` (day, share of variance) and its sentence."""
    found = candidates(fit, float(summary["decision_day"]), reading)
    table = [{"day": c.day, "variance_reduction": c.reduction} for c in found]
    sentences = [*summary["sentences"], *told(found, float(fit["t"][-1]))]
    return {**summary, "next_scan": table, "sentences": sentences}
