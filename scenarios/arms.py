"""Arms: the therapy options that are compared, each a plan from the decision day on."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from scenarios import modify
from scenarios.adaptive import Rule
from scenarios.dose import is_synthetic
from scenarios.intensify import dose_dense, repeat_last_cycle
from scenarios.radiobiology import EXTRAPOLATED_ABOVE_GY, alpha_beta_gy
from scenarios.retreatment import had_radiotherapy
from scenarios.schedule import in_words
from twin.errors import DataRefused
from twin.patient import Patient
from twin.registry import unknown
from twin.treatment import Plan, Radiotherapy

NONE, STANDARD = "none", "standard"
ESCALATION = 1.25
DELAY_DAYS = 14.0
LEAD_DAYS = 14.0

SITE_REGIMENS = {
    "brain": ("stupp", "short-course-temozolomide", "short-course-34-10", "short-course-25-5"),
    "breast": ("ac-t-dose-dense", "ac-t-weekly-paclitaxel", "ac-conventional"),
    "lung": ("lung-chemoradiation", "lung-sbrt-54-3", "lung-sbrt-50-5"),
    "prostate": ("prostate-60-20", "prostate-74-37", "prostate-57-19"),
    "liver": ("liver-sbrt-50-5", "liver-sbrt-40-5", "liver-sbrt-27-5-5"),
}
"""What is offered, by site, to a patient for whom nothing was given and nothing is scheduled."""

AFTER_RADIOTHERAPY = {"brain": ("adjuvant-temozolomide", "reirradiation-35-10")}
"""What is offered, by site, where a course of radiotherapy is over and nothing is scheduled; a first course never again."""

ADJUVANT_DAYS = 28.0
"""Between the last fraction and adjuvant drugs (Stupp 2005)."""


@dataclass(frozen=True)
class Arm:
    """One option. ``plan_after`` holds what is given on the decision day or later; what was given before is shared.

    ``words`` echo the schedule. ``notes`` say what a reader must know about it (a drug whose effect is not computed).
    ``rules`` change what is given at a scan, draw by draw: the first that holds is followed, once. ``varied`` are the values
    that a study sampled for this arm, by name.
    """

    id: str
    label: str
    words: str
    plan_after: Plan
    notes: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()
    varied: Mapping[str, float] = field(default_factory=dict)

    @property
    def everything(self) -> Plan:
        """Whatever may be given: the plan and those of every rule. For asking which effects are needed, not for totals."""
        return Plan(tuple(c for plan in (self.plan_after, *self._switched) for c in plan.courses))

    @property
    def _switched(self) -> list[Plan]:
        return [plan for rule in self.rules for _, plan in rule.plans]


def arm(id: str, label: str, plan: Plan, notes: Iterable[str] = ()) -> Arm:
    """An arm whose words are made from its plan; doses per fraction beyond the linear-quadratic range are noted."""
    high = max((f.dose_gy for _, f in plan.fractions()), default=0.0)
    extra = f"fractions of {high:.3g} Gy are above {EXTRAPOLATED_ABOVE_GY:g} Gy: the linear-quadratic law is extrapolated"
    told = [*notes, *([extra] if high > EXTRAPOLATED_ABOVE_GY else []), *assumed(plan)]
    return Arm(id, label, in_words(plan), plan, tuple(told))


def assumed(plan: Plan) -> list[str]:
    """A note for each synthetic dose of the plan."""
    made = sorted({c.dose_from for c, _ in plan.fractions() if is_synthetic(c)})
    return [f"{one}: an assumption, not a plan" for one in made]


def default_arms(patient: Patient, decision_day: float) -> list[Arm]:
    """The options that make sense without being asked.

    With treatment scheduled from the decision day on: none, as scheduled, escalated (x 1.25, as 75 Gy for 60 Gy in NRG
    BN001), hypofractionated (two thirds of the fractions, same EQD2), intensified (dose-dense temozolomide as in RTOG 0525,
    else drugs x 1.25), delayed by 14 days. Else the last drug cycle repeated; else the regimens of the site. Where a course
    of radiotherapy is over, no first course is offered again: drugs alone and, where the site has one, re-irradiation.
    """
    rest = patient.treatments.from_day(decision_day)
    found = [arm(NONE, "No further treatment", Plan())]
    if rest.courses:
        return found + _around_schedule(patient, rest)
    if had_radiotherapy(patient, decision_day):
        return found + _after_radiotherapy(patient, decision_day)
    if patient.treatments.drug_doses():
        return found + _around_last_cycle(patient, decision_day)
    return found + _of_the_site(patient, decision_day)


def refuse_rules(arm: Arm, what: str) -> None:
    """DataRefused for an arm that adapts, where ``what`` needs one schedule."""
    if arm.rules:
        raise DataRefused(
            f"Arm '{arm.id}' adapts: what it gives differs from course to course.",
            where=f"arm '{arm.id}'",
            why=f"{what} needs one schedule",
            remedy="leave its rules out, or compare it with `oncotwin scenarios`",
        )


def reference_of(arms: Sequence[Arm]) -> str:
    """The arm that others are compared with: as scheduled, else no treatment, else the first."""
    ids = [a.id for a in arms]
    return next((i for i in (STANDARD, NONE) if i in ids), ids[0])


def check_arms(arms: Sequence[Arm], decision_day: float) -> None:
    """Refuse an empty list, two arms of one name, doses before the decision day, and contradictory courses."""
    if not arms:
        raise DataRefused("There is no arm to compare.", where="arms", remedy="name one arm or more")
    ids = [a.id for a in arms]
    for twice in sorted({i for i in ids if ids.count(i) > 1}):
        raise DataRefused(f"Two arms are called '{twice}'.", where="arms", remedy="give every arm a name of its own")
    for a in arms:
        _check_dates(a, decision_day)
        check_overlap(a.plan_after, f"arm '{a.id}'")
        for rule in a.rules:
            for day, plan in rule.plans:
                check_overlap(plan, f"arm '{a.id}', its rule at the scan on day {day:g}")


def check_overlap(plan: Plan, where: str) -> None:
    """Refuse two radiotherapy courses that interleave, and one drug given twice on a day by two courses."""
    spans = sorted((c.fractions[0].day, c.fractions[-1].day) for c in plan.courses if hasattr(c, "fractions"))
    for (_, end), (start, _) in itertools.pairwise(spans):
        if start <= end:
            raise _contradiction("radiotherapy", start, where)
    seen: dict[tuple[str, int], int] = {}
    for index, course in enumerate(plan.courses):
        for dose in getattr(course, "doses", ()):
            if seen.setdefault((dose.drug, int(dose.day)), index) != index:
                raise _contradiction(dose.drug, dose.day, where)


def pick(arms: Sequence[Arm], names: Sequence[str]) -> list[Arm]:
    """The arms of those ids, in the order asked for; an unknown one is refused with the nearest name."""
    known = {a.id: a for a in arms}
    for name in names:
        if name not in known:
            raise DataRefused(unknown("arm", name, list(known)), where="arms", remedy=f"known: {', '.join(known)}")
    return [known[name] for name in names]


def load_study(path: Path):
    """The study file at ``path`` (see :mod:`scenarios.study`)."""
    from scenarios.study import load_study as load

    return load(path)


def _around_schedule(patient: Patient, rest: Plan) -> list[Arm]:
    monday, ratio = patient.first_weekday, alpha_beta_gy(patient.site)
    found = [arm(STANDARD, "As scheduled", rest)]
    if beams := rest.fractions():
        found.append(arm("escalated", "Dose-escalated", modify.scale(rest, {modify.RADIOTHERAPY: ESCALATION})))
        if len(beams) > 2:
            fewer = modify.refraction(rest, -(-2 * len(beams) // 3), ratio, monday)
            found.append(arm("hypofractionated", "Hypofractionated, same EQD2", fewer))
    if rest.drug_doses():
        found.append(_intensified(rest))
    late = modify.delay(rest, DELAY_DAYS, monday)
    return [*found, arm("delayed", f"Resumed {DELAY_DAYS:g} days late", late)]


def _intensified(rest: Plan) -> Arm:
    """Dose-dense temozolomide where cycles of it are scheduled, every drug x 1.25 otherwise."""
    denser = dose_dense(rest, "temozolomide")
    if denser is not None:
        return arm("intensified", "Chemotherapy intensified (dose-dense)", denser)
    more = modify.scale(rest, dict.fromkeys(rest.drugs(), ESCALATION))
    return arm("intensified", f"Chemotherapy intensified (x {ESCALATION:g})", more)


def _around_last_cycle(patient: Patient, decision_day: float) -> list[Arm]:
    given = patient.treatments.before(decision_day)
    repeat, dense = (repeat_last_cycle(given, decision_day, every_days=gap, count=3) for gap in (None, 14.0))
    more = modify.scale(repeat, dict.fromkeys(repeat.drugs(), ESCALATION))
    return [
        arm("repeat", "Last cycle repeated 3 times", repeat),
        arm("repeat-dense", "Last cycle repeated 3 times, every 14 days", dense),
        arm("repeat-escalated", f"Last cycle repeated 3 times, doses x {ESCALATION:g}", more),
        arm("delayed", f"Last cycle repeated 3 times, {DELAY_DAYS:g} days late", modify.delay(repeat, DELAY_DAYS)),
    ]


def _of_the_site(patient: Patient, decision_day: float) -> list[Arm]:
    """Library regimens from a fortnight after the decision day on; none where the site has none."""
    return _from_library(SITE_REGIMENS.get(patient.site, ()), patient, decision_day + LEAD_DAYS)


def _after_radiotherapy(patient: Patient, decision_day: float) -> list[Arm]:
    """Drugs and re-irradiation: the last cycle repeated where drugs went on after the last fraction, else the site's own."""
    from scenarios.regimen import regimen

    given = patient.treatments.before(decision_day)
    last = given.fractions()[-1][1].day
    start = max(decision_day + LEAD_DAYS, last + ADJUVANT_DAYS)
    names = AFTER_RADIOTHERAPY.get(patient.site, ())
    if any(dose.day > last + 1 for dose in given.drug_doses()):
        again = [n for n in names if regimen(n).build(0.0).fractions()]
        return _around_last_cycle(patient, decision_day) + _from_library(again, patient, start)[: len(again)]
    drugs = [n for n in SITE_REGIMENS.get(patient.site, ()) if not regimen(n).build(0.0).fractions()]
    return _from_library([*names, *drugs], patient, start)


def _from_library(names: Sequence[str], patient: Patient, start: float) -> list[Arm]:
    """Those regimens from ``start`` on, and the first of them late."""
    from scenarios.regimen import regimen

    monday, aim = patient.first_weekday, dose_map(patient)
    chosen = [regimen(name) for name in names]
    found = [arm(r.id, r.label, r.build(start, monday, aim), [r.note] if r.note else []) for r in chosen]
    if found:
        first = found[0]
        late = modify.delay(first.plan_after, DELAY_DAYS, monday)
        found.append(replace(arm("delayed", f"{first.label}, {DELAY_DAYS:g} days late", late), notes=first.notes))
    return found


def dose_map(patient: Patient) -> np.ndarray | None:
    """The relative dose map of the patient's own radiotherapy: the same target is irradiated again."""
    maps = [c.relative_dose for c in patient.treatments.courses if isinstance(c, Radiotherapy)]
    return next((m for m in maps if m is not None), None)


def _check_dates(a: Arm, decision_day: float) -> None:
    days = [f.day for _, f in a.plan_after.fractions()] + [d.day for d in a.plan_after.drug_doses()]
    early = [day for day in [*days, *(r.day for r in a.plan_after.resections())] if day < decision_day]
    if early:
        raise DataRefused(
            f"Arm '{a.id}' gives a dose on day {min(early):g}, before the decision day {decision_day:g}.",
            where=f"arm '{a.id}'",
            why="all arms share the past that was observed; only what comes after can differ",
            remedy=f"start the arm on day {decision_day:g} or later",
        )


def _contradiction(what: str, day: float, where: str) -> DataRefused:
    return DataRefused(
        f"Two courses of {what} overlap on day {day:g}.",
        where=where,
        why="it is not clear whether the second replaces the first or is given on top",
        remedy="write one course, or start the second after the first has ended",
    )
