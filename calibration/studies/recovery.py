"""Whether a clean case gives its numbers back: signal to noise of 20, four visits seen, a fifth forecast."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from calibration import scores
from calibration.forecast import Course, Forecaster, run_draw
from calibration.recalibration import recalibrated
from calibration.region import reachable
from calibration.structure import Structure, initial_of
from calibration.studies.coverage import DRAWS, fit_seen
from calibration.study import Check, Page, Row, Study, studies
from calibration.virtual.cohort import Cohort
from twin.errors import SolverError
from twin.fields import block_mean
from twin.patient import Patient

COHORT_SEED = 8000
NAMES = {"diffusivity_mm2_per_day": "D", "proliferation_per_day": "rho"}
FINE, COARSE = 1, 2


@studies.register("recovery")
class Recovery(Study):
    """A cohort with four visits seen; the truth on voxels of 1 mm, the fit on 2 mm."""

    title = "Are known numbers found again?"
    size = 24

    def cases(self, size: int, seed: int, data: Path | None) -> Sequence[str]:
        return [f"{seed}-{number}" for number in range(size)]

    def measure(self, key: str, data: Path | None) -> Row:
        seed, number = map(int, key.split("-"))
        virtual = Cohort(COHORT_SEED + seed, fine=FINE, coarse=COARSE, seen=(4,)).patient(number)
        patient, structure = virtual.patient, Structure()
        box = reachable(patient, patient.visits[-1].day)
        near = patient.crop(box)
        found = fit_seen(near, structure, seed)
        space = found.laplace.space
        best = space.values(found.z)
        draws = recalibrated(found.laplace.draws(seed, DRAWS), space, COARSE)
        estimate = space.values(np.median(draws, axis=0))
        true = block_mean(virtual.states[patient.visits[-1].day].astype(np.float32), COARSE // FINE)[box]
        return {
            "errors": {short: estimate[name] / virtual.truth[name] - 1 for name, short in NAMES.items()},
            "truth": {k: float(v) for k, v in virtual.truth.items()},
            **_alike(_forecast(near, structure, best), true, near),
        }

    def page(self, rows: Sequence[Row]) -> Page:
        good = [row for row in rows if "failed" not in row]
        checks = [Check("virtual patients", len(good)), Check("of them failed", len(rows) - len(good))]
        for key, words in (("ccc", "CCC"), ("dice", "Dice")):
            values = [row[key] for row in good if row[key] is not None]
            checks.append(Check(f"{words} of the forecast, median", float(np.median(values)), 0.9, note=_quartiles(values)))
        for short in NAMES.values():
            errors = [100 * abs(row["errors"][short]) for row in good]
            checks.append(Check(f"error of {short}, median (%)", float(np.median(errors)), 0, 10, _quartiles(errors)))
        return Page(tuple(checks), WORDS)


WORDS = """Virtual patients as in the study of coverage, with a voxel noise of a twentieth of free water's ADC (a signal to
noise of 20), four visits seen and a fifth, 4 to 12 weeks later, forecast by the best values. The truth is grown on voxels of
1 mm, the fit works on 2 mm; the forecast is compared with the hidden state, over the union of what is visible in either. An
error is that of the median of the draws. Borders are drawn 1 mm wrong and each visit's ADC has a scale error of its own."""


def _forecast(near: Patient, structure: Structure, best) -> np.ndarray:
    """The cell fraction of the best values on the last visit's day."""
    values = {p.name: p.default for p in structure.parameters(near)} | best
    held = Forecaster(near, initial_of(near), structure, tuple(v.day for v in near.visits))
    course = run_draw(held, values)
    if not isinstance(course, Course):
        raise SolverError(course.reason, remedy=course.advice)
    box, inside = course.maps[-1]
    out = np.zeros(near.grid.shape, np.float32)
    out[box] = inside
    return out


def _alike(forecast: np.ndarray, true: np.ndarray, near: Patient) -> dict[str, float | None]:
    threshold = near.visibility.threshold
    a, b = forecast > threshold, true > threshold
    if not b.any():
        return {"ccc": None, "dice": None}
    return {"ccc": scores.ccc(forecast, true, a | b), "dice": scores.dice(a, b)}


def _quartiles(values: Sequence[float]) -> str:
    low, high = np.quantile(values, [0.25, 0.75])
    return f"quartiles {low:.3g} - {high:.3g}"
