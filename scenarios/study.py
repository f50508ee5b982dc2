"""The study file: which arms, scans, draws and endpoints are compared. Written by hand, checked at the door."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator

from scenarios import modify
from scenarios.arms import Arm, arm, check_arms, default_arms, pick
from scenarios.door import Written, read_yaml, validated
from scenarios.regimen import regimen
from scenarios.words import read_words
from scenarios.written import AnyCourse, WrittenCourse, build_plan, unmodelled
from scenarios.written_resection import Lesions
from twin.drugs import DRUGS
from twin.patient import Patient
from twin.registry import unknown
from twin.treatment import Plan, Radiotherapy

AS_SCHEDULED = "as scheduled"
NO_TREATMENT = "none"


class Modification(Written):
    """``{delay_days: 14, scale_dose: {radiotherapy: 1.2}, omit: [temozolomide]}``: first omit, then scale, then delay."""

    delay_days: float = Field(default=0.0, ge=0)
    scale_dose: dict[str, float] = Field(default_factory=dict)
    omit: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _known(self) -> Modification:
        known = [modify.RADIOTHERAPY, "resection", *sorted(DRUGS)]
        for name in [*self.scale_dose, *self.omit]:
            if name not in known:
                raise ValueError(f"{unknown('treatment', name, known)} Known: {', '.join(known)}")
        for name, factor in self.scale_dose.items():
            if not 0 < factor <= 10:
                raise ValueError(f"a dose of {name} times {factor:g} is no schedule; give a factor between 0 and 10")
        return self

    def apply(self, plan: Plan, first_weekday: int) -> Plan:
        plan = modify.scale(modify.omit(plan, set(self.omit)), self.scale_dose)
        return modify.delay(plan, self.delay_days, first_weekday) if self.delay_days else plan


class WrittenArm(Written):
    """One arm. Its treatment is one of: ``same_as`` (a standard arm, "as scheduled" or "none"), ``regimen`` with
    ``from_day``, ``courses`` on absolute days, or ``words``; ``modify`` changes it by rule."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")
    label: str = ""
    same_as: str | None = None
    regimen: str | None = None
    from_day: float | None = Field(default=None, ge=0)
    courses: tuple[WrittenCourse, ...] | None = None
    words: str | None = None
    modify: Modification = Modification()

    @model_validator(mode="after")
    def _one_source(self) -> WrittenArm:
        given = [key for key in ("same_as", "regimen", "courses", "words") if getattr(self, key) is not None]
        if len(given) != 1:
            had = " and ".join(given) or "none of them"
            raise ValueError(f"arm '{self.id}' needs exactly one of same_as, regimen, courses or words; it has {had}")
        if (self.from_day is not None) != (self.regimen is not None):
            raise ValueError(f"arm '{self.id}': from_day and regimen go together")
        return self

    def build(self, patient: Patient, decision_day: float) -> Arm:
        """The arm on the patient's calendar, its schedule echoed in words."""
        sources: dict[str, Callable[[Patient, float], tuple[Plan, list[str]]]] = {
            "same_as": self._same,
            "regimen": self._from_library,
            "courses": self._from_courses,
            "words": self._from_words,
        }
        source = next(make for key, make in sources.items() if getattr(self, key) is not None)
        plan, notes = source(patient, decision_day)
        plan = self.modify.apply(plan, patient.first_weekday)
        return arm(self.id, self.label or self.id, plan, notes)

    def _same(self, patient: Patient, decision_day: float) -> tuple[Plan, list[str]]:
        if self.same_as == NO_TREATMENT:
            return Plan(), []
        if self.same_as == AS_SCHEDULED:
            return patient.treatments.from_day(decision_day), []
        found = pick(default_arms(patient, decision_day), [str(self.same_as)])[0]
        return found.plan_after, list(found.notes)

    def _from_library(self, patient: Patient, decision_day: float) -> tuple[Plan, list[str]]:
        found = regimen(str(self.regimen))
        plan = found.build(float(self.from_day or 0.0), patient.first_weekday, _dose_map(patient))
        return plan, [_not_computed(name) for name in found.not_modelled]

    def _from_courses(self, patient: Patient, decision_day: float) -> tuple[Plan, list[str]]:
        return _placed(self.courses or (), patient)

    def _from_words(self, patient: Patient, decision_day: float) -> tuple[Plan, list[str]]:
        return _placed(read_words(str(self.words)), patient)


def _placed(courses: Sequence[AnyCourse], patient: Patient) -> tuple[Plan, list[str]]:
    """Courses on absolute days, with the patient's dose map and lesions; a note for each drug without an effect."""
    seen = patient.seen[-1]
    lesions = Lesions(patient.grid, seen.core, seen.whole)
    plan = build_plan(courses, 0.0, patient.first_weekday, _dose_map(patient), lesions)
    return plan, [_not_computed(name) for name in unmodelled(courses)]


class Study(Written):
    """A comparison as written: ``load_study`` reads it, ``build`` puts its arms on a patient's calendar."""

    study: Literal[1] = 1
    arms: tuple[WrittenArm, ...] = Field(min_length=1)
    reference: str | None = None
    horizon_day: float | None = None
    scan_days: tuple[float, ...] | None = None
    draws: int | None = Field(default=None, ge=2, le=100_000)
    endpoints: tuple[str, ...] | None = None
    margin_percent: float = Field(default=25.0, gt=0, le=90)

    @model_validator(mode="after")
    def _consistent(self) -> Study:
        ids = [a.id for a in self.arms]
        if self.reference is not None and self.reference not in ids:
            raise ValueError(f"{unknown('arm', self.reference, ids)} The reference must be one of: {', '.join(ids)}")
        for name in self.endpoints or ():
            _endpoint_or_value_error(name)
        return self

    def build(self, patient: Patient, decision_day: float) -> list[Arm]:
        """The arms; :class:`DataRefused` for doses before the decision day and for contradictory courses."""
        found = [a.build(patient, decision_day) for a in self.arms]
        check_arms(found, decision_day)
        return found


def load_study(path: Path) -> Study:
    """The study file at ``path``; :class:`DataRefused` names every problem in it."""
    return read_yaml(Path(path), Study)


def study_from(content: dict[str, Any]) -> Study:
    """A study from plain values, for notebooks."""
    return validated(content, Study, where="study")


def _dose_map(patient: Patient):
    """The relative dose map of the patient's own radiotherapy: the same target is irradiated again."""
    maps = [c.relative_dose for c in patient.treatments.courses if isinstance(c, Radiotherapy)]
    return next((m for m in maps if m is not None), None)


def _not_computed(name: str) -> str:
    return f"{name} is listed, but its effect is not computed"


def _endpoint_or_value_error(name: str) -> None:
    from scenarios.endpoint import endpoints

    if name not in endpoints.names():
        raise ValueError(f"{unknown('endpoint', name, endpoints.names())} Known: {', '.join(endpoints.names())}")
