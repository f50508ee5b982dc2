"""One posterior draw: the shared past once, then every arm from that state."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import xarray as xr

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


class Calibrated(Protocol):
    """What a comparison needs of a calibration; ``posterior`` has a dimension ``draw``."""

    @property
    def patient(self) -> Patient: ...

    @property
    def posterior(self) -> xr.Dataset: ...

    def problem(self, draw: int, days: tuple[float, ...], plan: Plan | None = None) -> Problem: ...


@dataclass(frozen=True)
class Setup:
    """What every draw of a comparison shares. ``measured`` are the names of the endpoints read off a run, on its way or
    before it; ``prior_effects`` those whose parameters are drawn from the prior."""

    arms: tuple[Arm, ...]
    timeline: Timeline
    measured: tuple[str, ...]
    prior_effects: tuple[str, ...] = ()
    seed: int = 0
    accuracy: Accuracy = "fast"
    engine: str = "native"


@dataclass
class Reading:
    """What was read off one simulated course, by variable; NaN where a course does not reach."""

    values: dict[str, np.ndarray] = field(default_factory=dict)
    maps: list[ScanMap] = field(default_factory=list)


class Reader:
    """Reads the measured endpoints off the snapshots of a course, in order of time."""

    def __init__(self, setup: Setup, sight: Sight):
        self._times, self._sight = setup.timeline, sight
        found = {name: endpoints[name] for name in setup.measured}
        self._measured = [e for e in found.values() if isinstance(e, Measured)]
        self._planned = [e for e in found.values() if isinstance(e, Planned)]

    def blank(self) -> Reading:
        sizes = {"t": len(self._times.days), "scan": len(self._times.scans)}
        organs = len(self._sight.organs)
        shapes = {e.variable: (sizes[e.at], organs) if e.by_organ else (sizes[e.at],) for e in self._measured}
        return Reading({name: np.full(shape, math.nan) for name, shape in shapes.items()})

    def expect(self, now: Snapshot, ahead: Problem, into: Reading) -> None:
        for e in self._planned:
            into.values[e.variable] = np.array(e.expect(now, ahead, self._sight))

    def read(self, snapshot: Snapshot, into: Reading) -> None:
        places = {"t": self._times.days.index(snapshot.day)}
        if snapshot.day in self._times.scans:
            places["scan"] = self._times.scans.index(snapshot.day)
            into.maps.append(scan_map(snapshot, self._sight.threshold))
        for e in self._measured:
            if e.at in places:
                into.values[e.variable][places[e.at]] = e.measure(snapshot, self._sight)


def simulate_draw(setup: Setup, twin: Calibrated, draw: int, arms: Iterable[Arm]) -> Iterator[tuple[Arm, Reading | Failure]]:
    """Each arm's reading, or a :class:`Failure` that says why there is none. A failed arm harms no other."""
    sight = Sight.of(twin.patient, setup.timeline.decision_day)
    reader = Reader(setup, sight)
    given = twin.patient.treatments.before(setup.timeline.decision_day)
    past = reader.blank()
    try:
        problem = with_prior_effects(twin.problem(draw, setup.timeline.past, given), setup.prior_effects, setup.seed, draw)
        now = _follow(problem, setup, reader, past)
    except (OncotwinError, MemoryError, FloatingPointError) as error:
        yield from ((arm, _failure(error)) for arm in arms)
        return
    for arm in arms:
        reading = Reading({k: v.copy() for k, v in past.values.items()}, list(past.maps))
        try:
            ahead = problem.continued(now, setup.timeline.future, given + arm.plan_after)
            reader = Reader(setup, sight.under(ahead.plan, twin.patient.grid.shape))
            reader.expect(now, ahead, reading)
            _follow(ahead, setup, reader, reading)
        except (OncotwinError, MemoryError, FloatingPointError) as error:
            yield arm, _failure(error)
        else:
            yield arm, reading


def _follow(problem: Problem, setup: Setup, reader: Reader, into: Reading) -> Snapshot:
    """Read every snapshot of a problem and give back the last one."""
    last = None
    for last in solve(problem, setup.engine, setup.accuracy):
        reader.read(last, into)
    assert last is not None, "a problem has at least one day"
    return last


def _failure(error: BaseException) -> Failure:
    reason = str(getattr(error, "what", "") or error) or type(error).__name__
    return Failure(reason, getattr(error, "remedy", "") or "use a coarser grid or a smaller region")
