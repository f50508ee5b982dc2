"""Live what-if: an arm in words, answered with its fan and endpoints while the question is still in the room."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import xarray as xr

from calibration.pool import Crew
from scenarios.arms import NONE, Arm, arm, check_arms
from scenarios.differences import LEVEL, at_decision, differences, unranked
from scenarios.endpoint import Sight
from scenarios.labelled import labelled
from scenarios.prepare import Comparison, learnt_effects, prepare, with_notes
from scenarios.schedule import schedule
from scenarios.simulated import FAILURES, Calibrated, Decided, Reading, Setup, after_decision, failure, until_decision
from scenarios.summary import endpoint_summary
from scenarios.trust import missed_scan
from scenarios.unlearnt import PLAIN, unlearnt
from scenarios.written_arm import WrittenArm
from scenarios.written_dose import DoseAround
from scenarios.written_fill import filling
from solvers.simulate import Failure
from twin import RESEARCH_USE_ONLY
from twin.errors import DataRefused, OncotwinError
from twin.progress import SILENT, Progress, stage
from twin.treatment import Plan

DRAWS = 50
"""Draws that are asked, where the posterior holds as many."""

STEP_DAYS = 7.0
"""Days between the points of the fan; a comparison saves every third day. Scans and the horizon are among both."""

SHARES = 3
"""Parts for each process into which the draws of a question are divided."""

ASKED = "what-if"


@dataclass(frozen=True)
class Answer:
    """The arm as understood, its runs beside those of no treatment (dims as in ``scenarios.zarr``), and the seconds it took
    from the words to the numbers. ``failed``: (draw, reason). ``missed``: a sentence where the twin misses the last scan
    that it saw; nothing is then ranked."""

    arm: Arm
    data: xr.Dataset
    comparison: Comparison
    seconds: float
    failed: tuple[tuple[int, str], ...] = ()
    missed: str = ""

    def summary(self) -> dict[str, Any]:
        """Schedule, fan (median and 90 % interval of the visible volume by day), endpoints, and what differs from no
        treatment, as plain values."""
        volume = self.data["volume_ml"].sel(arm=ASKED)
        scans = self.data["scan"].values
        fan = np.nanpercentile(volume.values, (LEVEL[0], 50.0, LEVEL[1]), axis=0)
        compared = differences(self.data, self.comparison)
        names = [n for n in self.comparison.names if n != "days-gained" or NONE in self.data["arm"].values]
        return {
            "notice": RESEARCH_USE_ONLY,
            "words": self.arm.words,
            "notes": list(self.arm.notes),
            "schedule": schedule(self.arm.plan_after),
            "fan": [
                {
                    "day": float(day),
                    "low": low,
                    "median": middle,
                    "high": high,
                    "scan": bool(day in scans),
                }
                for day, low, middle, high in zip(volume["t"].values, *fan, strict=True)
            ],
            "endpoints": [e for n in names if (e := endpoint_summary(n, self.arm, self.data))],
            "missed_scan": self.missed,
            "against_none": unranked(compared) if self.missed else compared,
            "draws": int(self.data.sizes["draw"]),
            "failed": [{"draw": draw, "reason": reason} for draw, reason in self.failed],
            "seconds": round(self.seconds, 3),
        }


class WhatIf:
    """A calibrated twin that answers questions. Opening it brings every draw to the decision day and runs no treatment;
    after that, only the asked arm is simulated. Use it as a context manager; ``processes`` share the draws.

    The numbers are those of a comparison with the same days: weekly instead of every third day, so the steps fall otherwise
    (differences far below the 90 % interval). The posterior's first ``draws`` draws are asked. ``dose_where_none`` is drawn
    for all radiotherapy asked about that has no dose distribution, as in a study.
    """

    def __init__(
        self,
        twin: Calibrated,
        *,
        draws: int = DRAWS,
        horizon_day: float | None = None,
        processes: int = 2,
        seed: int = 0,
        dose_where_none: DoseAround | None = None,
        progress: Progress = SILENT,
    ):
        self.twin, self._fill = twin, filling(dose_where_none, twin.patient)
        base = prepare(twin, [arm(NONE, "No further treatment", Plan())], horizon_day, seed, "fast")
        used = base.draws[:draws]
        self._comparison = replace(base, setup=_live(base.setup, twin), draws=used, reference=NONE)
        self._sight = Sight.of(twin.patient, base.setup.timeline.decision_day)
        self._crew = Crew(processes)
        self._run = self._crew.over(Held(self._comparison.setup, self._sight, twin))
        with stage(progress, "bring every draw to the decision day", 2) as bar:
            list(self._run(_warm, [used] * processes))
            bar.advance()
            self._control = self._readings(self._comparison.setup.arms[0])
            bar.advance()

    def __enter__(self) -> WhatIf:
        return self

    def __exit__(self, *_: object) -> None:
        self._crew.__exit__()

    @property
    def decision_day(self) -> float:
        return self._comparison.setup.timeline.decision_day

    def ask(self, words: str) -> Answer:
        """The answer to an arm in words (:func:`scenarios.words_arm.read_arm`). DataRefused for what is not understood,
        starts before the decision day, or needs an effect that this twin was not opened with."""
        started = time.perf_counter()
        asked = self._understood(words)
        setup = replace(self._comparison.setup, arms=(self._comparison.setup.arms[0], asked))
        readings = {NONE: self._control, ASKED: self._readings(asked)}
        data = labelled(setup, self._comparison.names, self._sight, setup.arms, self._comparison.draws, _values(readings))
        times = setup.timeline
        data = data.assign_attrs(
            notice=RESEARCH_USE_ONLY, decision_day=times.decision_day, horizon_day=times.horizon_day, reference=NONE
        )
        failed = tuple((d, r.reason) for d, r in readings[ASKED].items() if isinstance(r, Failure))
        if len(failed) == len(self._comparison.draws):
            raise OncotwinError(f"Every draw failed: {failed[0][1]}", where="what-if")
        comparison, seconds = replace(self._comparison, setup=setup), time.perf_counter() - started
        missed = missed_scan(at_decision(data, comparison), self.twin.patient)
        return Answer(asked, data, comparison, seconds, failed, missed)

    def _understood(self, words: str) -> Arm:
        patient, times = self.twin.patient, self._comparison.setup.timeline
        asked = WrittenArm(id=ASKED, label=ASKED, words=words).build(patient, times.decision_day, times.scans, self._fill)
        check_arms([asked], times.decision_day)
        lacking = set(unlearnt(learnt_effects(self.twin), asked.everything)) - {*self._comparison.setup.prior_effects}
        if lacking:
            raise DataRefused(
                f"This treatment needs the effect '{min(lacking)}', which the live answer does not hold.",
                where="what-if",
                remedy="compare it with `oncotwin scenarios` and a study file",
            )
        return with_notes(asked, patient, times.decision_day)

    def _readings(self, asked: Arm) -> dict[int, Reading | Failure]:
        draws = self._comparison.draws
        size = max(1, -(-len(draws) // (SHARES * self._crew.processes)))
        shares = [(draws[i : i + size], asked) for i in range(0, len(draws), size)]
        return {draw: found for part in self._run(_future, shares) for draw, found in part.items()}


def _live(setup: Setup, twin: Calibrated) -> Setup:
    """Fewer days, no maps, and every plain effect, so that whatever is asked can be computed from the same past."""
    times = setup.timeline
    weekly = np.arange(times.decision_day, times.horizon_day, STEP_DAYS).tolist()
    days = tuple(sorted({0.0, *weekly, *times.scans, times.horizon_day}))
    learnt = learnt_effects(twin)
    extra = tuple(sorted(name for name in PLAIN if name not in {_name(e) for e in learnt}))
    return replace(setup, timeline=replace(times, days=days), maps=False, prior_effects=extra, adapting=True)


def _name(effect: Any) -> str:
    from solvers.effect import effects

    return next(name for name in effects.names() if effects[name] is type(effect))


def _values(readings: dict[str, dict[int, Reading | Failure]]):
    def values(draw: int, name: str):
        found = readings[name][draw]
        return None if isinstance(found, Failure) else found.values

    return values


@dataclass(frozen=True)
class Held:
    """What every process keeps between questions."""

    setup: Setup
    sight: Sight
    twin: Calibrated


_kept: tuple[Held | None, dict[int, Decided | Failure]] = (None, {})
"""Of the twin that was asked last: every draw on the decision day, as far as it was needed in this process."""


def _decided(held: Held, draw: int) -> Decided | Failure:
    global _kept
    if _kept[0] is not held:
        _kept = (held, {})
    if draw not in _kept[1]:
        try:
            _kept[1][draw] = until_decision(held.setup, held.twin, draw)
        except FAILURES as error:
            _kept[1][draw] = failure(error)
    return _kept[1][draw]


def _warm(held: Held, draws: Sequence[int]) -> None:
    """Each process gets one such task: it is busy with it while the next process takes the next."""
    for draw in draws:
        _decided(held, draw)


def _future(held: Held, share: tuple[Sequence[int], Arm]) -> dict[int, Reading | Failure]:
    draws, asked = share
    starts = {draw: _decided(held, draw) for draw in draws}
    return {d: s if isinstance(s, Failure) else after_decision(held.setup, held.sight, s, asked) for d, s in starts.items()}


def _short(value: float) -> str:
    """Three figures, never as a power of ten."""
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def sentences(answer: Answer) -> Sequence[str]:
    """The answer for people: what was understood, the volume at the scans, the endpoints."""
    told = answer.summary()
    lines = [f"Understood: {told['words']}", *filter(None, [answer.missed]), *(f"Note: {note}" for note in told["notes"])]
    for row in told["fan"]:
        if row["scan"]:
            lines.append(
                f"  day {row['day']:g}: {row['median']:.1f} mL (90 % interval {row['low']:.1f} to {row['high']:.1f})"
            )
    lines += [
        f"  {e['label']}: {_short(e['median'])} {e['unit']} ({_short(e['low'])} to {_short(e['high'])})".replace(
            " 1 (", " ("
        )
        for e in told["endpoints"]
        if e["median"] is not None and e["endpoint"] != "visible-volume"
    ]
    lines += [
        f"Against no treatment, day {answer.comparison.setup.timeline.horizon_day:g}: {d['median_difference']:+.1f} mL "
        f"({d['low']:+.1f} to {d['high']:+.1f}); smaller by a quarter or more in "
        f"{100 * d['probability_meaningfully_lower']:.0f} % of {d['draws']} courses"
        for d in told["against_none"]
        if d["endpoint"] == "visible-volume" and not answer.missed
    ]
    return [*lines, *(f"failed: draw {f['draw']}: {f['reason']}" for f in told["failed"])]
