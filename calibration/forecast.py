"""Every draw of the posterior run to the last visit held out, or for some weeks beyond the last one seen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import xarray as xr

from calibration.initial import InitialState
from calibration.observation.fraction import observed_fraction
from calibration.pool import Crew
from calibration.structure import Structure, initial_of
from solvers.engine import Accuracy
from solvers.simulate import Failure, solve
from twin.errors import OncotwinError, SolverError
from twin.fields import SPACE, coordinates, frame_attributes
from twin.grid import Box
from twin.patient import Patient
from twin.progress import SILENT, Progress, stage

STEP_DAYS = 2.0

COURSES = ("volume_ml", "core_ml", "burden_ml", "counted_ml")

AHEAD_DAYS = 84.0
"""How far beyond the last visit a forecast goes where no visit is held out: twelve weeks, four visits of three weeks."""


@dataclass(frozen=True)
class Forecaster:
    """What is run for each draw: the patient within reach, the structure, the times, and the numerical settings."""

    patient: Patient = field(repr=False)
    initial: InitialState = field(repr=False)
    structure: Structure
    days: tuple[float, ...]
    engine: str = "native"
    accuracy: Accuracy = "fast"


@dataclass(frozen=True)
class Course:
    """One draw's course: volumes (mL) over the days, and the visible fraction on the visits' days inside a box.

    ``burden_ml`` are all cells, ``counted_ml`` those of the visible lesion (mL at capacity)."""

    volume_ml: np.ndarray
    core_ml: np.ndarray
    burden_ml: np.ndarray
    counted_ml: np.ndarray
    maps: tuple[tuple[Box, np.ndarray], ...] = field(repr=False)


def horizon_day(patient: Patient) -> float:
    """The day up to which a patient is forecast: the last visit held out, or ``AHEAD_DAYS`` after the last one seen."""
    return patient.visits[-1].day if patient.visits[-1].held_out else patient.visits[-1].day + AHEAD_DAYS


def forecast_days(patient: Patient) -> tuple[float, ...]:
    """Every second day from day 0 to the horizon, and every visit's day."""
    last = horizon_day(patient)
    return tuple(sorted({*np.arange(0.0, last, STEP_DAYS).tolist(), last, *(v.day for v in patient.visits)}))


def run_draw(held: Forecaster, values: Mapping[str, float]) -> Course | Failure:
    """One draw; a failure is a value."""
    visits = {v.day for v in held.patient.visits}
    rows, maps = [], []
    try:
        problem = held.structure.problem(held.patient, values, held.days, initial=held.initial)
        for shot in solve(problem, held.engine, held.accuracy):
            core, whole = held.patient.visibility.core, held.patient.visibility.threshold
            core_ml = np.nan if core is None else shot.volume_ml(core)
            rows.append((shot.volume_ml(whole), core_ml, shot.burden_ml(), shot.counted_ml(whole)))
            if shot.day in visits:
                maps.append((shot.box, np.array(shot.visible, np.float32)))
    except OncotwinError as error:
        return Failure(error.what, error.remedy)
    volume, core_ml, burden, counted = np.array(rows).T
    return Course(volume, core_ml, burden, counted, tuple(maps))


def forecast(
    patient: Patient,
    near: tuple[Patient, Box],
    structure: Structure,
    draws: Iterable[Mapping[str, float]],
    *,
    engine: str = "native",
    accuracy: Accuracy = "fast",
    crew: Crew | None = None,
    progress: Progress = SILENT,
) -> xr.Dataset:
    """The store ``fit.zarr``: observed and predicted maps on every visit, and volumes over time for every draw.

    ``near`` is the patient within reach and its box in ``patient``. Raises SolverError where every draw failed.
    """
    items = list(draws)
    held = Forecaster(near[0], initial_of(near[0]), structure, forecast_days(patient), engine, accuracy)
    shape = (len(patient.visits), *near[0].grid.shape)
    total, above = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    courses: list[Course | Failure] = []
    with stage(progress, "forecasting every draw", len(items)) as bar:
        for course in (crew or Crew()).over(held)(run_draw, items):
            if isinstance(course, Course):
                _add(course, total, above, patient.visibility.threshold)
                course = replace(course, maps=())
            courses.append(course)
            bar.advance()
    good = sum(isinstance(c, Course) for c in courses)
    if good == 0:
        raise SolverError("Every draw of the forecast failed.", remedy=getattr(courses[0], "advice", ""))
    maps = {"predicted_fraction": total / good, "probability": above / good}
    return _dataset(patient, near[1], held, maps, courses)


def _add(course: Course, total: np.ndarray, above: np.ndarray, threshold: float) -> None:
    for index, (box, values) in enumerate(course.maps):
        total[(index, *box)] += values
        above[(index, *box)] += values > threshold


def _dataset(patient: Patient, box: Box, held: Forecaster, maps, courses) -> xr.Dataset:
    def wide(values: np.ndarray) -> np.ndarray:
        out = np.zeros((len(patient.visits), *patient.grid.shape), np.float32)
        out[(slice(None), *box)] = values
        return out

    def over_time(name: str) -> np.ndarray:
        missing = np.full(len(held.days), np.nan)
        return np.array([getattr(c, name) if isinstance(c, Course) else missing for c in courses])

    space = ("visit", *SPACE)
    data = {
        "observed_fraction": (space, _observed(patient), {"units": "1"}),
        "predicted_fraction": (space, wide(maps["predicted_fraction"]), {"units": "1", "long_name": "posterior mean"}),
        "probability": (space, wide(maps["probability"]), {"units": "1", "long_name": "share of draws that are visible"}),
        **{name: (("draw", "t"), over_time(name), {"units": "mL"}) for name in COURSES},
    }
    coords = {
        "t": ("t", list(held.days), {"units": "day"}),
        "day": ("visit", [v.day for v in patient.visits], {"units": "day"}),
        "visit_name": ("visit", np.array([v.name for v in patient.visits], dtype=str)),
        "held_out": ("visit", np.array([v.held_out for v in patient.visits])),
        **coordinates(patient.grid),
    }
    attrs = {**frame_attributes(patient.grid), "threshold": patient.visibility.threshold}
    return xr.Dataset(data, coords, attrs)


def _observed(patient: Patient) -> np.ndarray:
    fields = [observed_fraction(patient, visit) for visit in patient.visits]
    nothing = np.full(patient.grid.shape, np.nan, np.float32)
    return np.stack([nothing if f is None else f for f in fields])
