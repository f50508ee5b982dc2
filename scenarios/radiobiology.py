"""Radiobiology arithmetic of the linear-quadratic model: BED, EQD2, equivalent fractionation."""

from __future__ import annotations

import math
from collections.abc import Iterable

from twin.errors import DataRefused
from twin.treatment import Plan

ALPHA_BETA_GY = {"brain": 10.0, "breast": 4.0, "lung": 10.0, "prostate": 1.8, "liver": 10.0}
"""Tumour alpha/beta by site, Gy: glioma 10 (Qi 2006), breast 4 (START), NSCLC 10, prostate 1.8 (CHHiP)."""

EXTRAPOLATED_ABOVE_GY = 8.0
"""Doses per fraction above this are outside the range in which the linear-quadratic law was established."""


def alpha_beta_gy(site: str) -> float:
    """The tumour alpha/beta of a site, Gy; 10 where the site has no own value."""
    return ALPHA_BETA_GY.get(site, 10.0)


def bed_gy(doses_gy: Iterable[float], alpha_beta: float) -> float:
    """Biologically effective dose, sum_i d_i (1 + d_i / (alpha/beta)), Gy. No repopulation. Fowler 1989."""
    if alpha_beta <= 0:
        raise DataRefused(f"alpha/beta = {alpha_beta:g} Gy is not positive.", remedy="tumours have 1 to 20 Gy")
    return math.fsum(d * (1.0 + d / alpha_beta) for d in doses_gy)


def eqd2_gy(doses_gy: Iterable[float], alpha_beta: float) -> float:
    """Dose in 2 Gy fractions of the same effect, BED / (1 + 2 / (alpha/beta)), Gy."""
    return bed_gy(doses_gy, alpha_beta) / (1.0 + 2.0 / alpha_beta)


def bed_with_repopulation_gy(
    doses_gy: Iterable[float],
    alpha_beta: float,
    *,
    overall_days: float,
    kick_off_days: float,
    alpha_per_gy: float,
    doubling_days: float,
) -> float:
    """BED - ln 2 (T - T_k) / (alpha T_p) for an overall time T beyond the kick-off time T_k, Gy (Fowler 1989)."""
    late = max(0.0, overall_days - kick_off_days)
    return bed_gy(doses_gy, alpha_beta) - math.log(2.0) * late / (alpha_per_gy * doubling_days)


def equivalent_dose_per_fraction_gy(doses_gy: Iterable[float], count: int, alpha_beta: float) -> float:
    """The dose of each of ``count`` equal fractions that has the BED (and so the EQD2) of ``doses_gy``, Gy.

    The positive root of count d (1 + d / (alpha/beta)) = BED.
    """
    if count < 1:
        raise DataRefused(f"{count} fractions cannot carry a dose.", remedy="give one fraction or more")
    target = bed_gy(doses_gy, alpha_beta) / count
    return 0.5 * alpha_beta * (math.sqrt(1.0 + 4.0 * target / alpha_beta) - 1.0)


def plan_doses_gy(plan: Plan) -> list[float]:
    """The prescribed doses of every fraction of a plan, by time."""
    return [fraction.dose_gy for _, fraction in plan.fractions()]
