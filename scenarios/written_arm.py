"""One arm of a study as people write it, and the arm on the patient's calendar that it becomes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from pydantic import Field, model_validator

from scenarios.arms import Arm, arm, assumed, default_arms, dose_map, pick
from scenarios.door import Written
from scenarios.modification import UNCHANGED, Modification
from scenarios.regimen import library, regimen
from scenarios.schedule import in_words
from scenarios.words_arm import AS_SCHEDULED, ArmWords, read_arm, read_rules
from scenarios.words_rule import RuleWords
from scenarios.written import AnyCourse, WrittenCourse, build_plan, unmodelled
from scenarios.written_fill import Fill, unfilled
from scenarios.written_resection import Lesions
from twin.errors import DataRefused
from twin.patient import Patient
from twin.registry import unknown
from twin.treatment import Plan

NO_TREATMENT = "none"
MOST_LABEL = 160


class WrittenArm(Written):
    """One arm. Its treatment is one of: ``same_as`` (a standard arm, "as scheduled" or "none"), ``regimen`` with
    ``from_day``, ``courses`` on absolute days, or ``words``; ``modify`` changes it by rule, ``adapt`` at a scan."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")
    label: str = Field(default="", max_length=MOST_LABEL)
    same_as: str | None = None
    regimen: str | None = None
    from_day: float | None = Field(default=None, ge=0)
    courses: tuple[WrittenCourse, ...] | None = None
    words: str | None = None
    modify: Modification = UNCHANGED
    adapt: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _one_source(self) -> WrittenArm:
        given = [key for key in ("same_as", "regimen", "courses", "words") if getattr(self, key) is not None]
        if len(given) != 1:
            had = " and ".join(given) or "none of them"
            raise ValueError(f"arm '{self.id}' needs exactly one of same_as, regimen, courses or words; it has {had}")
        if (self.from_day is not None) != (self.regimen is not None):
            raise ValueError(f"arm '{self.id}': from_day and regimen go together")
        if self.regimen is not None and self.regimen not in library():
            raise ValueError(f"{unknown('regimen', self.regimen, list(library()))}; `oncotwin list regimens` names them")
        return self

    def build(self, patient: Patient, decision_day: float, scans: Sequence[float] = (), fill: Fill = unfilled) -> Arm:
        """The arm on the patient's calendar, its schedule echoed in words; its rules are looked at on ``scans``. ``fill``
        gives a dose distribution to radiotherapy that has none."""
        sources: dict[str, Callable[[Patient, float], tuple[Plan, list[str]]]] = {
            "same_as": self._same,
            "regimen": self._from_library,
            "courses": self._from_courses,
            "words": self._from_words,
        }
        source = next(make for key, make in sources.items() if getattr(self, key) is not None)
        plan, notes = source(patient, decision_day)
        plan = fill(self._modified(plan, self.modify, patient))
        built = arm(self.id, self.label or self.id, plan, notes)
        rules = (*(self._read.rules if self._read else ()), *read_rules(self.adapt))
        return self._adapting(built, rules, patient, [s for s in scans if s > decision_day], fill) if rules else built

    @property
    def _read(self) -> ArmWords | None:
        return None if self.words is None else read_arm(self.words)

    def _modified(self, plan: Plan, changes: Modification, patient: Patient) -> Plan:
        try:
            return changes.apply(plan, patient.first_weekday)
        except ValueError as error:
            raise DataRefused(
                f"Arm '{self.id}' cannot be modified: {error}.",
                where=f"arm '{self.id}'",
                remedy="name what the schedule holds, or leave the modification out",
            ) from None

    def _adapting(self, built: Arm, rules: Sequence[RuleWords], patient: Patient, scans: Sequence[float], fill: Fill) -> Arm:
        def place(courses: tuple[AnyCourse, ...], day: float) -> Plan:
            return fill(_placed(courses, patient, day)[0])

        made = tuple(r.build(built.plan_after, tuple(scans), place, patient.first_weekday) for r in rules)
        echoes = [f"{r.words} (on day {r.plans[0][0]:g}: {in_words(r.plans[0][1])})" for r in made if r.plans]
        notes = [_not_computed(name) for r in rules for name in unmodelled(r.courses)]
        notes += [note for r in made for _, plan in r.plans for note in assumed(plan)]
        told = tuple(dict.fromkeys([*built.notes, *notes]))
        return replace(built, rules=made, words="; ".join([built.words, *echoes]), notes=told)

    def _same(self, patient: Patient, decision_day: float) -> tuple[Plan, list[str]]:
        if self.same_as == NO_TREATMENT:
            return Plan(), []
        if self.same_as == AS_SCHEDULED:
            return patient.treatments.from_day(decision_day), []
        found = pick(default_arms(patient, decision_day), [str(self.same_as)])[0]
        return found.plan_after, list(found.notes)

    def _from_library(self, patient: Patient, decision_day: float) -> tuple[Plan, list[str]]:
        return _of_the_library(str(self.regimen), float(self.from_day or 0.0), patient)

    def _from_courses(self, patient: Patient, decision_day: float) -> tuple[Plan, list[str]]:
        return _placed(self.courses or (), patient)

    def _from_words(self, patient: Patient, decision_day: float) -> tuple[Plan, list[str]]:
        read = read_arm(str(self.words))
        if read.as_scheduled:
            plan, notes = patient.treatments.from_day(decision_day), list[str]()
        elif read.regimen:
            plan, notes = _of_the_library(*read.regimen, patient)
        else:
            plan, notes = _placed(read.courses, patient)
        return self._modified(plan, read.modify, patient), notes


def _of_the_library(name: str, from_day: float, patient: Patient) -> tuple[Plan, list[str]]:
    found = regimen(name)
    plan = found.build(from_day, patient.first_weekday, dose_map(patient))
    return plan, [_not_computed(drug) for drug in found.not_modelled]


def _placed(courses: Sequence[AnyCourse], patient: Patient, origin_day: float = 0.0) -> tuple[Plan, list[str]]:
    """Courses counted from ``origin_day``, with the patient's dose map and lesions; notes on what a reader must know."""
    seen = patient.seen[-1]
    lesions = Lesions(patient.grid, seen.core, seen.whole)
    plan = build_plan(courses, origin_day, patient.first_weekday, dose_map(patient), lesions)
    return plan, [_not_computed(name) for name in unmodelled(courses)]


def _not_computed(name: str) -> str:
    return f"{name} is listed, but its effect is not computed"
