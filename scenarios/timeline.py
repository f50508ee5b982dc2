"""When the courses of a comparison are looked at: decision day, scans, horizon and the days between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from twin.errors import DataRefused
from twin.patient import Patient

HORIZON_AFTER_DECISION = 140.0
SCAN_INTERVAL = 56.0
"""Eight weeks between scans, where none are planned."""

STEP_DAYS = 3.0
"""Days between saved days: every one is a stop of the solver."""

LONGEST_DAYS = 3650.0


@dataclass(frozen=True)
class Timeline:
    """``days`` are all saved days from 0 to the horizon; the decision day and every scan are among them."""

    decision_day: float
    horizon_day: float
    scans: tuple[float, ...]
    days: tuple[float, ...]

    @property
    def past(self) -> tuple[float, ...]:
        """Days up to the decision day, which all arms share."""
        return tuple(d for d in self.days if d <= self.decision_day)

    @property
    def future(self) -> tuple[float, ...]:
        return tuple(d for d in self.days if d > self.decision_day)


def timeline(
    patient: Patient,
    decision_day: float,
    horizon_day: float | None = None,
    scan_days: Sequence[float] | None = None,
) -> Timeline:
    """The days of a comparison. Without a horizon: 140 days after the decision, or the last visit if that is later.
    Without scan days: the patient's own later visits, or every eight weeks, and the horizon."""
    last = max(v.day for v in patient.visits)
    horizon = max(decision_day + HORIZON_AFTER_DECISION, last) if horizon_day is None else float(horizon_day)
    _check_horizon(horizon, decision_day)
    scans = _default_scans(patient, decision_day, horizon) if scan_days is None else sorted({float(d) for d in scan_days})
    _check_scans(scans, decision_day, horizon)
    scans = sorted({decision_day, *scans})
    visits = [v.day for v in patient.visits if v.day <= horizon]
    days = {*np.arange(0.0, horizon, STEP_DAYS).tolist(), horizon, decision_day, *scans, *visits}
    return Timeline(decision_day, horizon, tuple(scans), tuple(sorted(days)))


def _default_scans(patient: Patient, decision_day: float, horizon: float) -> list[float]:
    visits = [v.day for v in patient.visits if decision_day < v.day <= horizon]
    planned = visits or np.arange(decision_day + SCAN_INTERVAL, horizon, SCAN_INTERVAL).tolist()
    return [*planned, horizon]


def _check_horizon(horizon: float, decision_day: float) -> None:
    if not np.isfinite(horizon) or horizon <= decision_day:
        raise DataRefused(
            f"The horizon, day {horizon:g}, is not after the decision day {decision_day:g}.",
            where="horizon_day",
            why="arms differ only from the decision day on; there would be nothing to compare",
            remedy=f"give a horizon later than day {decision_day:g}, such as {decision_day + HORIZON_AFTER_DECISION:g}",
        )
    if horizon > LONGEST_DAYS:
        raise DataRefused(
            f"The horizon, day {horizon:g}, is more than ten years away.",
            where="horizon_day",
            why="no growth model of a few scans says anything about that time",
            remedy="give the horizon in days since the first scan",
        )


def _check_scans(scans: Sequence[float], decision_day: float, horizon: float) -> None:
    for day in scans:
        if not np.isfinite(day) or day < decision_day:
            raise DataRefused(
                f"A scan is planned on day {day:g}, before the decision day {decision_day:g}.",
                where="scan_days",
                why="what was seen until then is the same for every arm",
                remedy=f"plan scans from day {decision_day:g} on",
            )
        if day > horizon:
            raise DataRefused(
                f"A scan is planned on day {day:g}, after the horizon, day {horizon:g}.",
                where="scan_days",
                remedy=f"move the horizon to day {day:g}, or plan the scan earlier",
            )
