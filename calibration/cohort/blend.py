"""Model and "no change" in one forecast, in the shares that served other patients best."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from calibration.cohort.forecast import DRAWS, NoChange, first, predict, volume
from calibration.cohort.lesion import Lesion
from calibration.cohort.prior import CohortPrior, learn_again


@dataclass(frozen=True)
class Blend:
    """A forecast that is the model's with probability ``share`` and else the last reading with the cohort's own changes.

    Each keeps what the other lacks: the model moves with the lesion, "no change" has the reading's atom and tails.
    Stacking of predictive distributions, here by their CRPS: Yao et al. 2018, Bayesian Anal 13:917.
    """

    prior: CohortPrior = field(repr=False)
    still: NoChange = field(repr=False)
    share: float

    def predict(self, seen: Lesion, days: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """(draw, day) of ln(mm3): evenly spaced quantiles of both parts, so many of each as its share tells."""
        model = np.sort(predict(seen, days, self.prior, rng), axis=0)
        alike = [np.sort(self.still.alike(seen, float(day - seen.days[-1]))) for day in days]
        count = round(self.share * DRAWS)
        return np.concatenate(
            [_thinned(model, count), np.stack([_thinned(a, DRAWS - count) for a in alike], axis=1)], axis=0
        )


def _thinned(ordered: np.ndarray, count: int) -> np.ndarray:
    """``count`` evenly spaced quantiles of sorted draws."""
    return np.quantile(ordered, (np.arange(count) + 0.5) / count, axis=0) if count else ordered[:0]


def learn_blend(
    cohort: Sequence[Lesion], prior: CohortPrior, held_out: int, scale: Callable[[Lesion], float], fewest: int
) -> Blend:
    """The share with the least mean CRPS on the last readings of the ``cohort``'s own lesions.

    Each half of the cohort is forecast with what the other half teaches (the noise of ``prior`` is kept). The CRPS of a
    blend is quadratic in its share, so the best one is exact. ``scale``: relative volume of a mm3 of a lesion.
    """
    halves = cohort[::2], cohort[1::2]
    terms = np.zeros(3)
    for own, other in (halves, halves[::-1]):
        half, still = learn_again(other, prior), NoChange.of(other, held_out)
        for number, lesion in enumerate(own):
            if len(lesion) >= fewest:
                terms += _terms(lesion, half, still, held_out, scale(lesion), np.random.default_rng((number, 6)))
    curvature, slope, _ = terms
    share = 1.0 if curvature <= 0 else float(np.clip(-slope / (2 * curvature), 0.0, 1.0))
    return Blend(prior, NoChange.of(cohort, held_out), share)


def _terms(lesion: Lesion, prior: CohortPrior, still: NoChange, held_out: int, scale: float, rng) -> np.ndarray:
    """Coefficients of share^2, share and 1 in the summed CRPS of a lesion's held-out readings."""
    seen, days = first(lesion, len(lesion) - held_out), lesion.days[-held_out:]
    drawn, total = predict(seen, days, prior, rng, 200), np.zeros(3)
    for k, day in enumerate(days):
        model = scale * volume(drawn[:, k])
        alike = scale * volume(still.alike(seen, float(day - seen.days[-1])))
        observed = float(lesion.volume[len(seen) + k])
        off, off_still = abs(model - observed).mean(), abs(alike - observed).mean()
        within, between, within_still = (_distance(a, b) for a, b in ((model, model), (model, alike), (alike, alike)))
        total += (
            -0.5 * (within - 2 * between + within_still),
            off - off_still - between + within_still,
            off_still - 0.5 * within_still,
        )
    return total


def _distance(a: np.ndarray, b: np.ndarray) -> float:
    """Mean |x - y| over all pairs."""
    return float(abs(a[:, None] - b[None]).mean())
