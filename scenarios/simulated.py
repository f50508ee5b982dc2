"""One posterior draw: the shared past once, then every arm from that state."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol

import numpy as np
import xarray as xr

from scenarios.adaptive import SWITCH_DAY, SWITCH_RULE, SWITCHED, Rule, followed
from scenarios.arms import Arm
from scenarios.endpoint import Measured, Planned, Sight, endpoints
from scenarios.maps import ScanMap, scan_map
from scenarios.timeline import Timeline
from scenarios.unlearnt import with_prior_effects
from solvers.engine import Accuracy
from solvers.problem import Problem, Snapshot
from solvers.simulate import Failure, solve
from twin.errors import OncotwinError
from twin.patient import Patient
from twin.treatment import Plan

FAILURES = (OncotwinError, MemoryError, FloatingPointError)
"""What may go wrong with one run and is then a value."""


class Calibrated(Protocol):
    """What a comparison needs of a calibration; ``posterior`` has a dimension ``draw``."""

    @property
    def patient(self) -> Patient: ...

    @property
    def posterior(self) -> xr.Dataset: ...

    def problem(self, draw: int, days: tuple[float, ...], plan: Plan | None = None) -> Problem: ...

    def save(self, folder: Path) -> None:
        """Write it so that :func:`calibration.calibration.load_calibration` reads it: other processes compute with it."""


@dataclass(frozen=True)
class Setup:
    """What every draw of a comparison shares. ``measured`` are the names of the endpoints read off a run, on its way or
    before it; ``prior_effects`` those whose parameters are drawn from the prior; ``maps``: whether the scans are kept;
    ``adapting``: whether an arm may have a rule."""

    arms: tuple[Arm, ...]
    timeline: Timeline
    measured: tuple[str, ...]
    prior_effects: tuple[str, ...] = ()
    seed: int = 0
    accuracy: Accuracy = "fast"
    engine: str = "native"
    maps: bool = True
    adapting: bool = False


@dataclass
class Reading:
    """What was read off one simulated course, by variable; NaN where a course does not reach."""

    values: dict[str, np.ndarray] = field(default_factory=dict)
    maps: list[ScanMap] = field(default_factory=list)


class Reader:
    """Reads the measured endpoints off the snapshots of a course, in order of time."""

    def __init__(self, setup: Setup, sight: Sight):
        self._times, self._sight, self._keeps_maps = setup.timeline, sight, setup.maps
        self._once = tuple(SWITCHED) if setup.adapting else ()
        found = {name: endpoints[name] for name in setup.measured}
        self._measured = [e for e in found.values() if isinstance(e, Measured)]
        self._planned = [e for e in found.values() if isinstance(e, Planned)]

    def blank(self) -> Reading:
        sizes = {"t": len(self._times.days), "scan": len(self._times.scans)}
        organs = len(self._sight.organs)
        shapes: dict[str, tuple[int, ...]] = {
            e.variable: (sizes[e.at], organs) if e.by_organ else (sizes[e.at],) for e in self._measured
        }
        shapes |= dict.fromkeys(self._once, ())
        return Reading({name: np.full(shape, math.nan) for name, shape in shapes.items()})

    def expect(self, now: Snapshot, ahead: Problem, into: Reading) -> None:
        for e in self._planned:
            into.values[e.variable] = np.array(e.expect(now, ahead, self._sight))

    def at_scan(self, reading: Reading, variable: str, scan: int) -> float:
        """A variable of a course as read at scan number ``scan``."""
        kind = next(e.at for e in self._measured if e.variable == variable)
        return float(reading.values[variable][self._times.days.index(self._times.scans[scan]) if kind == "t" else scan])

    def read(self, snapshot: Snapshot, into: Reading) -> None:
        places = {"t": self._times.days.index(snapshot.day)}
        if snapshot.day in self._times.scans:
            places["scan"] = self._times.scans.index(snapshot.day)
            if self._keeps_maps:
                into.maps.append(scan_map(snapshot, self._sight.threshold))
        for e in self._measured:
            if e.at in places:
                into.values[e.variable][places[e.at]] = e.measure(snapshot, self._sight)


@dataclass(frozen=True)
class Decided:
    """One draw on the decision day: the problem that led there, the state, and what was read until then."""

    problem: Problem
    now: Snapshot
    past: Reading


def simulate_draw(setup: Setup, twin: Calibrated, draw: int, arms: Iterable[Arm]) -> Iterator[tuple[Arm, Reading | Failure]]:
    """Each arm's reading, or a :class:`Failure` that says why there is none. A failed arm harms no other."""
    try:
        decided = until_decision(setup, twin, draw)
    except FAILURES as error:
        yield from ((arm, failure(error)) for arm in arms)
        return
    sight = Sight.of(twin.patient, setup.timeline.decision_day)
    for arm in arms:
        yield arm, after_decision(setup, sight, decided, arm)


def until_decision(setup: Setup, twin: Calibrated, draw: int) -> Decided:
    """The past that all arms of a draw share."""
    reader = Reader(setup, Sight.of(twin.patient, setup.timeline.decision_day))
    past = reader.blank()
    given = twin.patient.treatments.before(setup.timeline.decision_day)
    start = twin.problem(draw, setup.timeline.past, given)
    problem = with_prior_effects(start, setup.prior_effects, twin, setup.seed, draw)
    return Decided(problem, _follow(problem, setup, reader, past), past)


def after_decision(setup: Setup, sight: Sight, decided: Decided, arm: Arm) -> Reading | Failure:
    """One arm from the decision day on, in addition to what ``decided`` was given before."""
    past = decided.past
    reading = Reading({k: v.copy() for k, v in past.values.items()}, list(past.maps))
    try:
        plan = decided.problem.plan + arm.plan_after
        ahead = decided.problem.continued(decided.now, setup.timeline.future, plan)
        reader = Reader(setup, sight.under(plan, ahead.medium.grid.shape))
        reader.expect(decided.now, ahead, reading)
        if arm.rules:
            _adapt(ahead, decided, setup, sight, reading, arm.rules)
        else:
            _follow(ahead, setup, reader, reading)
    except FAILURES as error:
        return failure(error)
    return reading


def _adapt(ahead: Problem, decided: Decided, setup: Setup, sight: Sight, into: Reading, rules: Sequence[Rule]) -> None:
    """From scan to scan, until a rule holds at one; then what the rule says, to the end. What is expected of the treatment
    and where its dose goes is read again of what is then given."""
    times, plan, now, shape = setup.timeline, ahead.plan, decided.now, ahead.medium.grid.shape
    reader = Reader(setup, sight.under(plan, shape))
    for number, scan in enumerate(times.scans):
        if leg := tuple(d for d in times.days if now.day < d <= scan):
            now = _follow(ahead.continued(now, leg, plan), setup, reader, into)
        looked_at = number > 0 and scan < times.horizon_day
        rule = followed(rules, partial(reader.at_scan, into), number) if looked_at else None
        if rule is not None:
            into.values[SWITCH_DAY], into.values[SWITCH_RULE] = np.array(scan), np.array(1.0 + rules.index(rule))
            plan = plan.before(scan) + rule.plan(scan)
            reader = Reader(setup, sight.under(plan, shape))
            reader.expect(decided.now, decided.problem.continued(decided.now, times.future, plan), into)
            break
    if rest := tuple(d for d in times.days if d > now.day):
        _follow(ahead.continued(now, rest, plan), setup, reader, into)


def _follow(problem: Problem, setup: Setup, reader: Reader, into: Reading) -> Snapshot:
    """Read every snapshot of a problem and give back the last one."""
    last = None
    for last in solve(problem, setup.engine, setup.accuracy):
        reader.read(last, into)
    assert last is not None, "a problem has at least one day"
    return last


def failure(error: BaseException) -> Failure:
    reason = str(getattr(error, "what", "") or error) or type(error).__name__
    return Failure(reason, getattr(error, "remedy", "") or "use a coarser grid or a smaller region")
