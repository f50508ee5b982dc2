"""Burden against toxicity: which options no other one beats on both."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr

from scenarios.dose import LATE_ALPHA_BETA_GY, TISSUE_ALPHA_BETA_GY, is_mapped
from scenarios.dose_drugs import reference_doses
from scenarios.organs import OrganDose, organ_doses
from scenarios.prepare import Comparison
from scenarios.radiobiology import eqd2_gy, plan_doses_gy
from scenarios.received import Received, received
from twin.patient import Patient
from twin.treatment import Plan

COMPLICATION = "chance of a complication in any organ"
LATE_DOSE = "prescribed dose to late-reacting tissue, EQD2"


def non_dominated(costs: np.ndarray) -> np.ndarray:
    """(option, cost), less is better -> bool (option): no other is as good in every cost and better in one."""
    as_good = np.all(costs[None, :, :] <= costs[:, None, :], axis=2)
    better = np.any(costs[None, :, :] < costs[:, None, :], axis=2)
    return ~np.any(as_good & better, axis=1)


def radiation_cost(patient: Patient, plan: Plan, by_organ: bool) -> float:
    """1 - product of (1 - NTCP) over the organs, taken as independent; or, without a dose distribution, the EQD2 of the
    prescription at the late alpha/beta of the site, Gy: what the tissue around the lesion receives."""
    if by_organ:
        return any_complication(organ_doses(patient, plan))
    ratio = TISSUE_ALPHA_BETA_GY.get(patient.site, LATE_ALPHA_BETA_GY)
    return eqd2_gy(plan_doses_gy(plan), ratio)


def any_complication(doses: list[OrganDose]) -> float:
    """The chance of at least one complication, organs taken as independent."""
    return 1.0 - float(np.prod([1.0 - o.ntcp for o in doses if o.ntcp is not None]))


def tells_organs_apart(patient: Patient, plans: list[Plan]) -> bool:
    """Whether every plan with radiotherapy has a dose distribution, and an organ whose NTCP is known."""
    irradiated = [p for p in plans if p.fractions()]
    return bool(irradiated) and all(is_mapped(p) and _has_ntcp(patient, p) for p in irradiated)


def trade_off(data: xr.Dataset, comparison: Comparison, patient: Patient) -> dict[str, Any] | None:
    """Every arm by cell burden at the horizon, radiation and drugs (their means where it adapts), and how often over the
    draws it is on the front."""
    arms = comparison.setup.arms
    given = patient.treatments.before(comparison.setup.timeline.decision_day)
    courses = [[replace(r, plan=given + r.plan) for r in received(a, data)] for a in arms]
    by_organ = tells_organs_apart(patient, [r.plan for arm in courses for r in arm])
    every = np.stack([_toxicity(patient, arm, by_organ) for arm in courses])
    burden = data["burden_ml"].sel(arm=[a.id for a in arms]).isel(t=-1).values
    finished = np.isfinite(burden).all(axis=0)
    burden, every = burden[:, finished], every[:, finished]
    if not burden.size or len(arms) < 2:
        return None
    fixed = every.mean(axis=1)
    front = non_dominated(np.column_stack([np.median(burden, axis=1), fixed]))
    each = zip(burden.T, every.swapaxes(0, 1), strict=True)
    often = np.mean([non_dominated(np.column_stack([one, spent])) for one, spent in each], axis=0)
    low, middle, high = np.percentile(burden, (5.0, 50.0, 95.0), axis=1)
    return {
        "axes": {
            "burden": {"label": "cell burden at the horizon", "unit": "mL"},
            "radiation": {"label": COMPLICATION, "unit": "1"} if by_organ else {"label": LATE_DOSE, "unit": "Gy"},
            "drugs": {"label": "drugs, in reference doses", "unit": "1"},
        },
        "options": [
            {
                "arm": arm.id,
                "burden": {"median": middle[i], "low": low[i], "high": high[i]},
                "radiation": fixed[i, 0],
                "drugs": fixed[i, 1],
                "on_front": bool(front[i]),
                "probability_on_front": float(often[i]),
            }
            for i, arm in enumerate(arms)
        ],
        "sentence": _sentence([a.label for a, on in zip(arms, front, strict=True) if not on]),
    }


def _toxicity(patient: Patient, courses: list[Received], by_organ: bool) -> np.ndarray:
    """(draw, 2): radiation and drugs of what every draw was given; NaN for draws that did not finish."""
    found = np.full((len(courses[0].draws), 2), np.nan)
    for one in courses:
        found[one.draws] = radiation_cost(patient, one.plan, by_organ), reference_doses(one.plan)
    return found


def _has_ntcp(patient: Patient, plan: Plan) -> bool:
    return any(o.ntcp is not None for o in organ_doses(patient, plan))


def _sentence(dominated: list[str]) -> str:
    if not dominated:
        return "Every option is on the front: less burden costs more treatment, and the model does not say which to prefer."
    names = ", ".join(f"“{name}”" for name in dominated)
    return (
        f"For {names} another option leaves as little for no more radiation and drugs; the rest is a matter of preference."
    )
