"""What the draws of a posterior are worth, in figures and in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.special import logsumexp

from calibration.convergence import told as convergence
from calibration.objective import FAILED
from calibration.psis import smoothed
from calibration.sampler import ENOUGH

FEWEST = 25
"""Draws below which nothing is said of the quick form: the tail of their weights is too short."""

POOR = 1 / 3
"""Share of the quick form's draws below which a warning is given. On the embedded patient four sets of 50 draws were worth
0.4 to 0.9 of their number, and their Pareto k lay between 0.3 and 0.9: of so few draws k is told, not judged."""

EXACT = "compare with --posterior sampler"


def quick_worth(cost: np.ndarray, log_density: np.ndarray) -> dict[str, Any]:
    """Of draws of the quick form, from their objective J and the logarithm of the quick form's density q, both (draw,).

    ln w = -J - ln q. ``effective_draws``: 1 / sum w^2 (Kish 1965) of the normalised
    weights, in number of draws: all of them where the quick form is the posterior. ``pareto_k``: shape of the tail of the
    weights (Vehtari et al. 2024, J Mach Learn Res 25(72):1); below 0.7 the form is usable (Yao et al. 2018, ICML, PMLR
    80:5581). ``failed``: draws that could not be computed, which weigh nothing. Empty below ``FEWEST`` draws.
    """
    good = cost < FAILED
    if good.sum() < FEWEST:
        return {}
    log_weight = -cost[good] - log_density[good]
    log_weight -= logsumexp(log_weight)
    k = smoothed(log_weight)[1] if np.ptp(log_weight) > 1e-9 else 0.0
    effective = float(np.exp(-logsumexp(2 * log_weight)))
    return {"evaluations": len(cost), "failed": int((~good).sum()), "effective_draws": effective, "pareto_k": k}


def with_worth(summary: dict[str, Any], facts: Mapping[str, Any], remedy: str = EXACT) -> dict[str, Any]:
    """The summary of a calibration with ``sampling`` (the facts), their sentences, and a warning where draws are poor:
    then ``remedy`` is advised."""
    if not facts:
        return summary
    sentences, warnings = _sampled(facts) if "rhat" in facts else _quick(facts, remedy)
    words = {"sentences": [*summary["sentences"], *sentences], "warnings": [*summary["warnings"], *warnings]}
    return {**summary, **words, "sampling": dict(facts)}


def _sampled(facts: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    told = f"The posterior was sampled: {facts['evaluations']} evaluations are worth {facts['effective_draws']:.0f} draws."
    few = [f"Fewer than {ENOUGH:.0f} effective draws: the intervals are rough."] if facts["effective_draws"] < ENOUGH else []
    agree, apart = convergence(np.array(list(facts["rhat"].values())), list(facts["rhat"]))
    return [told, *agree], [*few, *apart]


def _quick(facts: Mapping[str, Any], remedy: str) -> tuple[list[str], list[str]]:
    count, effective = facts["evaluations"], facts["effective_draws"]
    told = (
        f"Weighed by the objective itself, the {count} draws of the quick form are worth {effective:.0f} "
        f"(Pareto k {facts['pareto_k']:.2f})."
    )
    if effective >= POOR * count:
        return [told], []
    return [told], [f"The quick form describes this posterior poorly, and the intervals may be wrong: {remedy}."]
