"""From a calibration and a wish to everything that is fixed before the first run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from scenarios import retreatment
from scenarios.arms import Arm, check_arms, default_arms, reference_of
from scenarios.endpoint import Measured, Planned, endpoints
from scenarios.simulated import Calibrated, Setup
from scenarios.study import Study
from scenarios.timeline import Timeline, timeline
from scenarios.unlearnt import unlearnt
from solvers.effect import TherapyEffect
from solvers.engine import Accuracy
from twin.errors import DataRefused
from twin.patient import Patient
from twin.treatment import Plan

ALWAYS = ("visible-volume", "core-volume", "burden", "diameter", "product")
"""Measured on every run, asked for or not: the report and the derived endpoints need them."""

MARGIN_PERCENT = 25.0
"""A difference in volume below this share of the reference is not called clinically meaningful."""


@dataclass(frozen=True)
class Comparison:
    """A comparison ready to run. ``names`` are the endpoints that are compared, ``margin`` a share of the reference."""

    setup: Setup
    draws: tuple[int, ...]
    names: tuple[str, ...]
    reference: str
    margin: float
    within_hours: float | None = None


def prepare(
    twin: Calibrated,
    arms: Sequence[Arm] | Study | None,
    horizon_day: float | None,
    seed: int,
    accuracy: Accuracy,
) -> Comparison:
    """Check and complete what was asked for. DataRefused for contradictions with the patient's dates and treatments."""
    study = arms if isinstance(arms, Study) else None
    patient, decision_day = twin.patient, _decision_day(twin)
    wanted_horizon = horizon_day if horizon_day is not None or study is None else study.horizon_day
    times = timeline(patient, decision_day, wanted_horizon, study.scan_days if study else None)
    chosen = _arms(twin, arms, times)
    names = _names(patient, study)
    _check_endpoints(names, chosen, study)
    learnt = learnt_effects(twin)
    every = Plan(tuple(c for a in chosen for c in a.everything.courses))
    extra = unlearnt(learnt, every)
    setup = Setup(
        arms=tuple(with_notes(a, patient, decision_day) for a in chosen),
        timeline=times,
        measured=tuple(sorted({*ALWAYS, *(n for n in names if isinstance(endpoints[n], Measured | Planned))})),
        prior_effects=extra,
        seed=seed,
        accuracy=accuracy,
        maps=study.maps if study else True,
        adapting=any(a.rules for a in chosen),
    )
    reference = study.reference if study and study.reference else reference_of(chosen)
    margin = (study.margin_percent if study else MARGIN_PERCENT) / 100.0
    return Comparison(setup, _draws(twin, study), names, reference, margin, study.within_hours if study else None)


def _decision_day(twin: Calibrated) -> float:
    """The day of the last visit that the calibration saw."""
    return twin.patient.seen[-1].day


def learnt_effects(twin: Calibrated) -> tuple[TherapyEffect, ...]:
    """The effects of the twin's own model, from the first draw whose problem can be stated."""
    refused: DataRefused | None = None
    for draw in range(int(twin.posterior.sizes["draw"])):
        try:
            return twin.problem(draw, (0.0,), twin.patient.treatments).effects
        except DataRefused as error:
            refused = error
    raise refused or DataRefused("The posterior holds no draws.", where="posterior.zarr", remedy="calibrate again")


def _arms(twin: Calibrated, arms: Sequence[Arm] | Study | None, times: Timeline) -> list[Arm]:
    if isinstance(arms, Study):
        return arms.build(twin.patient, times.decision_day, times.scans)
    chosen = default_arms(twin.patient, times.decision_day) if arms is None else list(arms)
    check_arms(chosen, times.decision_day)
    return chosen


def _draws(twin: Calibrated, study: Study | None) -> tuple[int, ...]:
    have = int(twin.posterior.sizes["draw"])
    wanted = study.draws if study and study.draws else have
    if wanted > have:
        raise DataRefused(
            f"The study asks for {wanted} draws; the posterior holds {have}.",
            where="draws",
            remedy=f"ask for {have} or fewer, or calibrate again with more draws",
        )
    return tuple(range(wanted))


def _names(patient: Patient, study: Study | None) -> tuple[str, ...]:
    """The endpoints that are compared: those asked for, else all that apply to the patient."""
    apply = [name for name, e in endpoints if e.applies(patient)]
    if study is None or study.endpoints is None:
        return tuple(apply)
    for name in study.endpoints:
        if name not in apply:
            raise DataRefused(
                f"The endpoint '{name}' does not apply to this patient.",
                where="endpoints",
                why="the case names no organ, region or target volume that it could be read off",
                remedy="name them under `organs:` in the case file and calibrate again, or leave that endpoint out",
            )
    return study.endpoints


def _check_endpoints(names: Sequence[str], arms: Sequence[Arm], study: Study | None) -> None:
    asked = study is not None and study.endpoints is not None
    if asked and "days-gained" in names and "none" not in [a.id for a in arms]:
        raise DataRefused(
            "Days gained are counted against no treatment, but no arm is called 'none'.",
            where="endpoints",
            remedy="add the arm {id: none, same_as: none}, or leave that endpoint out",
        )


def with_notes(arm: Arm, patient: Patient, decision_day: float) -> Arm:
    """The arm, with a note for each treatment in it that this patient's data said nothing about, and of the dose that its
    radiotherapy comes on top of."""
    given = patient.treatments.before(decision_day)
    plans = (arm.plan_after, *(arm.plan_after.before(day) + plan for rule in arm.rules for day, plan in rule.plans))
    notes = list(dict.fromkeys(note for plan in plans for note in retreatment.notes(plan, patient, decision_day)))
    if arm.everything.fractions() and not given.fractions():
        notes.append("no radiotherapy was given before the last scan: its effect is assumed, not learnt from this patient")
    new = [d for d in arm.everything.drugs() if d not in given.drugs()]
    if new and not given.drugs():
        notes.append("no drug was given before the last scan: its effect is assumed, not learnt from this patient")
    elif new:
        learnt = " and ".join(given.drugs())
        notes += [f"sensitivity to {d} is assumed equal to that to {learnt}, at each drug's reference dose" for d in new]
    return replace(arm, notes=tuple(dict.fromkeys([*arm.notes, *notes])))
