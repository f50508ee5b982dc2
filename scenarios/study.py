"""The study file: which arms, scans, draws and endpoints are compared. Written by hand, checked at the door."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator

from scenarios.arms import Arm, check_arms
from scenarios.door import Written, read_yaml, validated
from scenarios.written_arm import WrittenArm
from scenarios.written_dose import DoseAround
from scenarios.written_fill import filling
from scenarios.written_sample import WrittenSample
from twin.patient import Patient
from twin.registry import unknown


class Study(Written):
    """A comparison as written: ``load_study`` reads it, ``build`` puts its arms on a patient's calendar.

    ``samples`` add arms whose doses and dates are varied. ``maps`` false keeps no predicted scans (and no pictures): for
    studies of very many runs. ``within_hours`` is the time there is; a study that needs more is refused before it starts,
    as a few of its runs foretell.
    ``dose_where_none`` is a synthetic dose for all radiotherapy of the arms that has no distribution of its own.
    """

    study: Literal[1] = 1
    arms: tuple[WrittenArm, ...] = ()
    samples: tuple[WrittenSample, ...] = ()
    reference: str | None = None
    horizon_day: float | None = None
    scan_days: tuple[float, ...] | None = None
    draws: int | None = Field(default=None, ge=2, le=100_000)
    endpoints: tuple[str, ...] | None = None
    margin_percent: float = Field(default=25.0, gt=0, le=90)
    maps: bool = True
    within_hours: float | None = Field(default=None, gt=0)
    dose_where_none: DoseAround | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Study:
        if not self.arms and not self.samples:
            raise ValueError("a study names 'arms', 'samples' or both")
        ids = [a.id for a in self.arms]
        if self.reference is not None and self.reference not in ids:
            raise ValueError(f"{unknown('arm', self.reference, ids)} The reference must be one of: {', '.join(ids)}")
        for name in self.endpoints or ():
            _endpoint_or_value_error(name)
        return self

    def build(self, patient: Patient, decision_day: float, scans: Sequence[float] = ()) -> list[Arm]:
        """The arms; :class:`DataRefused` for doses before the decision day and for contradictory courses."""
        fill = filling(self.dose_where_none, patient)
        found = [a.build(patient, decision_day, scans, fill) for a in self.arms]
        for sample in self.samples:
            found += [
                replace(written.build(patient, decision_day, scans, fill), varied=values)
                for written, values in sample.expand()
            ]
        check_arms(found, decision_day)
        return found


def load_study(path: Path) -> Study:
    """The study file at ``path``; :class:`DataRefused` names every problem in it."""
    return read_yaml(Path(path), Study)


def study_from(content: dict[str, Any], folder: Path = Path()) -> Study:
    """A study from plain values, for notebooks; dose files that it names are relative to ``folder``."""
    return validated(content, Study, where="study", folder=folder)


def _endpoint_or_value_error(name: str) -> None:
    from scenarios.endpoint import endpoints

    if name not in endpoints.names():
        raise ValueError(f"{unknown('endpoint', name, endpoints.names())} Known: {', '.join(endpoints.names())}")
