"""A modification of a schedule by rule, as people write it."""

from __future__ import annotations

from pydantic import Field, model_validator

from scenarios import modify
from scenarios.door import Written
from twin.drugs import DRUGS
from twin.registry import unknown
from twin.treatment import Plan

TREATMENTS = (modify.RADIOTHERAPY, modify.RESECTION, *sorted(DRUGS))
"""What a modification may name."""


class Modification(Written):
    """``{omit: [temozolomide], scale_dose: {radiotherapy: 1.2}, reorder: [temozolomide, radiotherapy], delay_days: 14}``:
    first omit, then scale, then reorder, then delay."""

    omit: tuple[str, ...] = ()
    scale_dose: dict[str, float] = Field(default_factory=dict)
    reorder: tuple[str, ...] = ()
    delay_days: float = Field(default=0.0, ge=0, le=3650)

    @model_validator(mode="after")
    def _known(self) -> Modification:
        for name in (*self.scale_dose, *self.omit, *self.reorder):
            if name not in TREATMENTS:
                raise ValueError(f"{unknown('treatment', name, list(TREATMENTS))} Known: {', '.join(TREATMENTS)}")
        for name, factor in self.scale_dose.items():
            if not 0 < factor <= 10:
                raise ValueError(f"a dose of {name} times {factor:g} is no schedule; give a factor between 0 and 10")
        if len(set(self.reorder)) != len(self.reorder) or len(self.reorder) == 1:
            raise ValueError("'reorder' names two treatments or more, each once, in the order in which they are to be given")
        return self

    def apply(self, plan: Plan, first_weekday: int) -> Plan:
        """The modified plan. ValueError where ``plan`` does not hold a treatment that is named: nothing is skipped."""
        held = modify.treatments(plan)
        for name in (*self.omit, *self.scale_dose, *self.reorder):
            if name not in held:
                raise ValueError(f"there is no {name} to change; the schedule holds {', '.join(held) or 'no treatment'}")
        plan = modify.scale(modify.omit(plan, set(self.omit)), self.scale_dose)
        if self.reorder:
            plan = modify.reorder(plan, self.reorder, first_weekday)
        return modify.delay(plan, self.delay_days, first_weekday) if self.delay_days else plan


UNCHANGED = Modification()
