"""Radiotherapy on tissue that had some before: what was given, and what an arm adds to it."""

from __future__ import annotations

from scenarios.dose import LATE_ALPHA_BETA_GY, TISSUE_ALPHA_BETA_GY
from scenarios.radiobiology import alpha_beta_gy, eqd2_gy, plan_doses_gy
from twin.patient import Patient
from twin.treatment import Plan

BREAK_DAYS = 28.0
"""A longer break than this between two fractions makes a new course, not a course gone on with."""

BEYOND = 1.01
"""An arm is told of where it takes the EQD2 further than the case's own schedule by more than this factor."""

LEAST_INTERVAL_DAYS = 180.0
"""In the brain: RTOG 1205 irradiated again six months or more after the first course (Tsien 2023, J Clin Oncol 41:1285)."""


def had_radiotherapy(patient: Patient, day: float) -> bool:
    """Whether radiotherapy was given before ``day`` and none is scheduled from it on: a course that is over."""
    return bool(patient.treatments.before(day).fractions()) and not patient.treatments.from_day(day).fractions()


def notes(plan: Plan, patient: Patient, decision_day: float) -> list[str]:
    """What a reader must know of the radiotherapy of ``plan`` (given from the decision on) where the tissue had some before.

    Nothing for the rest of a course that is under way, as the case schedules it. EQD2 adds up both courses as if they met in
    every place, with no recovery between them.
    """
    before, after = patient.treatments.before(decision_day), plan.fractions()
    if not before.fractions() or not after:
        return []
    last, first = before.fractions()[-1][1].day, after[0][1].day
    ratio = alpha_beta_gy(patient.site)
    both = plan_doses_gy(before) + plan_doses_gy(plan)
    if first - last <= BREAK_DAYS and eqd2_gy(both, ratio) <= BEYOND * eqd2_gy(plan_doses_gy(patient.treatments), ratio):
        return []
    told = [_cumulative(before, both, patient, last)]
    again = had_radiotherapy(patient, decision_day) or first - last > BREAK_DAYS
    if again and patient.site == "brain" and first - last < LEAST_INTERVAL_DAYS:
        ago = f"{first - last:.0f} days after the last fraction"
        told.append(f"re-irradiation {ago}: the cited study (RTOG 1205) asked for six months")
    return told


def _cumulative(before: Plan, both: list[float], patient: Patient, last: float) -> str:
    had, ratio, late = plan_doses_gy(before), alpha_beta_gy(patient.site), _late_gy(patient)
    return (
        f"the tissue has had {sum(had):.4g} Gy in {len(had)} fractions already (the last on day {last:g}); with this option "
        f"{sum(both):.4g} Gy in all, where both meet an EQD2 of {eqd2_gy(both, ratio):.0f} Gy to the tumour (alpha/beta "
        f"{ratio:g} Gy) and {eqd2_gy(both, late):.0f} Gy to healthy tissue (alpha/beta {late:g} Gy), no recovery counted"
    )


def _late_gy(patient: Patient) -> float:
    """The lowest late alpha/beta of the patient's tissues and of the site, Gy."""
    return min(TISSUE_ALPHA_BETA_GY.get(name, LATE_ALPHA_BETA_GY) for name in (*patient.medium.tissues, patient.site))
