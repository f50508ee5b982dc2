"""What an optimisation may vary, and the treatment that a choice of it means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from calibration.pareto_search import Knob
from scenarios import modify
from scenarios.fingerprint import fingerprint
from scenarios.radiobiology import EXTRAPOLATED_ABOVE_GY
from scenarios.written import weekday
from twin.errors import UsageError
from twin.treatment import Fraction, Plan, Radiotherapy, weekday_days

DOSE, FRACTIONS, DELAY, DRUGS = "dose_per_fraction_gy", "fractions", "delay_days", "drug_factor"
UNITS = {DOSE: "Gy", FRACTIONS: "1", DELAY: "day", DRUGS: "1"}
STEPS = {DOSE: 0.1, FRACTIONS: 1.0, DELAY: 1.0, DRUGS: 0.05}


@dataclass(frozen=True)
class Ranges:
    """From where to where each may be varied: dose per fraction (Gy), number of fractions, days of delay of the whole
    treatment, factor on every drug dose (0: none is given)."""

    dose_per_fraction_gy: tuple[float, float] = (1.0, 6.0)
    fractions: tuple[float, float] = (5, 40)
    delay_days: tuple[float, float] = (0, 42)
    drug_factor: tuple[float, float] = (0.0, 1.25)

    def __post_init__(self) -> None:
        for name, least, most in ((DOSE, 0.1, EXTRAPOLATED_ABOVE_GY), (FRACTIONS, 1, 60), (DELAY, 0, 365), (DRUGS, 0, 3)):
            low, high = getattr(self, name)
            if not least <= low <= high <= most:
                raise UsageError(
                    f"{name} cannot be varied from {low:g} to {high:g}.",
                    where=name,
                    why="beyond that the models were not made, or it is no treatment",
                    remedy=f"give LOW:HIGH between {least:g} and {most:g}",
                )


def knobs(base: Plan, ranges: Ranges) -> list[Knob]:
    """The knobs that ``base`` has: fractionation where it holds radiotherapy, the drug factor where it holds drugs, and the
    delay. The first candidate is ``base`` itself, as far as the ranges allow. UsageError where there is nothing to vary."""
    beams = base.fractions()
    if len({fingerprint(c.relative_dose) for c in base.courses if isinstance(c, Radiotherapy)}) > 1:
        raise UsageError(
            "The courses of radiotherapy of the arm have different dose distributions.",
            where="arm",
            why="all of it becomes one course, of which only one could be right",
            remedy="name an arm with one course, or give all the same distribution",
        )
    start = {DELAY: 0.0}
    if beams:
        start |= {DOSE: sum(f.dose_gy for _, f in beams) / len(beams), FRACTIONS: float(len(beams))}
    if base.drug_doses():
        start[DRUGS] = 1.0
    if len(start) == 1:
        raise UsageError(
            "The arm holds neither radiotherapy nor drugs.",
            where="arm",
            why="its dose, fractionation and timing are what is searched",
            remedy="name another with --arm, or write a study and give it with --study",
        )
    return [_knob(name, value, *getattr(ranges, name)) for name, value in start.items()]


def plan_of(base: Plan, values: Mapping[str, float], first_weekday: int) -> Plan:
    """The treatment: ``base`` with all its radiotherapy in equal weekday fractions, its drugs scaled, all of it delayed. Its
    dose distribution is relative to the prescription, so the dose scales with it everywhere alike."""
    factor = values.get(DRUGS, 1.0)
    rest = modify.omit(base, {modify.RADIOTHERAPY, *(base.drugs() if factor == 0 else ())})
    rest = modify.delay(modify.scale(rest, dict.fromkeys(base.drugs(), factor)), values[DELAY], first_weekday)
    beams = base.fractions()
    if not beams:
        return rest
    course, first = beams[0]
    start = first.day + values[DELAY]
    days = weekday_days(start, round(values[FRACTIONS]), weekday(start, first_weekday))
    return Plan((replace(course, fractions=tuple(Fraction(d, values[DOSE]) for d in days)), *rest.courses))


def _knob(name: str, value: float, low: float, high: float) -> Knob:
    step = STEPS[name]
    count = round((high - low) / step)
    nearest = low + step * min(count, max(0, round((value - low) / step)))
    return Knob(name, UNITS[name], low, round(low + step * count, 9), step, round(nearest, 9))
