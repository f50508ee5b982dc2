"""The runs of a sensitivity analysis: one arm, many parameter values, kept as they finish."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from scenarios.arms import Arm, default_arms, reference_of, refuse_rules
from scenarios.endpoint import Derived, Measured, Planned, Sight, endpoints
from scenarios.prepare import prepare
from scenarios.simulated import Calibrated, Reader, Setup
from solvers.effect import effects as effect_registry
from solvers.engine import Accuracy
from solvers.simulate import solve
from twin.errors import DataRefused, OncotwinError
from twin.parameter import declared
from twin.patient import Patient
from twin.store import plain

Course = dict[str, Any]
"""Values by variable of one run, as JSON has them."""

ALWAYS = ("visible-volume", "burden")


@dataclass(frozen=True)
class Runner:
    """What every run shares. ``effects``: those that the arm needs and the twin never learnt."""

    patient: Patient = field(repr=False)
    structure: Any
    arm: Arm
    setup: Setup
    names: tuple[str, ...]
    effects: tuple[str, ...]

    @classmethod
    def of(
        cls,
        twin: Calibrated,
        arm: Arm | None,
        names: tuple[str, ...],
        horizon_day: float | None,
        seed: int,
        accuracy: Accuracy,
    ) -> Runner:
        decision = twin.patient.seen[-1].day
        if arm is None:
            known = default_arms(twin.patient, decision)
            arm = next(a for a in known if a.id == reference_of(known))
        refuse_rules(arm, "an analysis of sensitivity")
        setup = prepare(twin, [arm], horizon_day, seed, accuracy).setup
        read = {*ALWAYS, *(n for n in names if isinstance(endpoints[n], Measured | Planned))}
        setup = replace(setup, measured=tuple(sorted(read)))
        structure = getattr(twin, "structure", None)
        if structure is None:
            raise DataRefused(
                "This twin has no structure to vary.", remedy="load a calibration that oncotwin calibrate wrote"
            )
        return cls(twin.patient, structure, setup.arms[0], setup, names, setup.prior_effects)


def run(runner: Runner, values: Mapping[str, float]) -> Course | None:
    """The endpoints read off one run from the first scan to the horizon; None where it cannot be computed."""
    times = runner.setup.timeline
    plan = runner.patient.treatments.before(times.decision_day) + runner.arm.plan_after
    sight = Sight.of(runner.patient, times.decision_day).under(plan, runner.patient.grid.shape)
    reader = Reader(runner.setup, sight)
    into = reader.blank()
    try:
        problem = runner.structure.problem(runner.patient, values, times.days, plan)
        problem = replace(problem, effects=(*problem.effects, *(_effect(name, values) for name in runner.effects)))
        for snapshot in solve(problem, runner.setup.engine, runner.setup.accuracy):
            if snapshot.day == times.decision_day:
                reader.expect(snapshot, problem, into)
            reader.read(snapshot, into)
    except (OncotwinError, FloatingPointError, MemoryError):
        return None
    return {name: plain(np.asarray(value)) for name, value in into.values.items()}


def as_courses(runner: Runner, courses: list[Course | None]) -> xr.Dataset:
    """The runs as the courses of a comparison with one arm (arm, draw, t or scan), derived endpoints included."""
    times, sight = runner.setup.timeline, Sight.of(runner.patient, runner.setup.timeline.decision_day)
    read = [endpoints[name] for name in runner.setup.measured]
    sizes = {"t": len(times.days), "scan": len(times.scans)}
    data = xr.Dataset(
        coords={"arm": [runner.arm.id], "draw": np.arange(len(courses)), "t": list(times.days), "scan": list(times.scans)},
        attrs={"decision_day": times.decision_day, "horizon_day": times.horizon_day},
    )
    for e in read:
        dims = (e.at,) if isinstance(e, Measured) else ()
        shape = tuple(sizes[d] for d in dims)
        rows = [np.full(shape, np.nan) if c is None else np.array(c[e.variable], float) for c in courses]
        data[e.variable] = (("arm", "draw", *dims), np.array(rows)[None], {"units": e.unit})
    for e in (endpoints[name] for name in runner.names):
        if isinstance(e, Derived) and (values := e.derive(data, sight)) is not None:
            data[e.variable] = (("arm", "draw"), values, {"units": e.unit})
    return data


class Kept:
    """Finished runs, one line each; a line that a dying process tore, or of another analysis, counts for nothing."""

    def __init__(self, path: Path, name: str):
        self._path, self._name, self._found = path, name, dict[int, Course | None]()
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        for line in lines:
            try:
                entry = json.loads(line)
            except ValueError:
                continue
            if entry.get("analysis") == name:
                self._found[entry["run"]] = entry["course"]

    def __contains__(self, number: int) -> bool:
        return number in self._found

    def add(self, number: int, course: Course | None) -> None:
        self._found[number] = course
        self._path.parent.mkdir(parents=True, exist_ok=True)
        line = json.dumps({"analysis": self._name, "run": number, "course": course})
        with self._path.open("a", encoding="utf-8") as stream:
            stream.write(f"\n{line}" if stream.tell() else line)

    def all(self, count: int) -> list[Course | None]:
        return [self._found[i] for i in range(count)]


def _effect(name: str, values: Mapping[str, float]) -> Any:
    kind = effect_registry[name]
    return kind(**{p.name: values[p.name] for p in declared(kind) if p.name in values})
