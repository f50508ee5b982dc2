"""Whether the truth lies inside the intervals as often as they say: virtual patients, the truth grown on a finer grid."""

from __future__ import annotations

import functools
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from scipy.stats import chisquare

from calibration import scores
from calibration.calibrate import Fitted, Settings, fit
from calibration.forecast import Course, Forecaster, run_draw
from calibration.pool import Crew
from calibration.posterior import posterior_dataset
from calibration.recalibration import recalibrated
from calibration.region import reachable
from calibration.structure import Structure, initial_of
from calibration.study import Check, Page, Row, Study, studies
from calibration.virtual import naive
from calibration.virtual.cohort import CELLULARITY, Cohort
from calibration.virtual.patient import VirtualPatient
from calibration.words import in_words
from twin.patient import Patient

DRAWS = 99
"""With quantiles at k / (n + 1), a truth that is one more draw lies inside as often as stated."""

LEVELS = (0.5, 0.8, 0.9)
BARS = {0.5: (0.45, 0.55), 0.8: (0.75, 0.85), 0.9: (0.86, 0.94)}
EVALUATIONS = 8
"""The polish finds the same optimum from the prior median as from a search; see docs/explanation/validation.md."""

RANK_BINS = 10


@studies.register("coverage")
class Coverage(Study):
    """Truth on 1 mm voxels from the priors that the fit assumes; fit on 3 mm voxels; one visit held out."""

    title = "Do the intervals hold?"
    size = 240
    model: ClassVar[str] = "fisher-kpp"

    def cases(self, size: int, seed: int, data: Path | None) -> Sequence[str]:
        return [f"{seed}-{number}" for number in range(size)]

    def measure(self, key: str, data: Path | None) -> Row:
        seed, number = map(int, key.split("-"))
        cohort = Cohort(COHORT_SEED + seed, self.model)
        started = time.process_time()
        virtual = cohort.patient(number)
        drawn = time.process_time()
        return {
            **forecast_row(virtual, cohort.true_numbers(virtual), seed),
            "truth": {k: float(v) for k, v in virtual.truth.items()},
            "seconds": [drawn - started, time.process_time() - drawn],
        }

    def page(self, rows: Sequence[Row]) -> Page:
        good = [row for row in rows if "failed" not in row]
        checks = [Check("virtual patients", len(good), 200), Check("of them failed", len(rows) - len(good))]
        checks += interval_checks(good, BARS) + rank_checks(good) + _score_checks(good)
        return Page(tuple(checks), WORDS, functools.partial(picture, good))


@studies.register("wrong-model")
class WrongModel(Coverage):
    """The same with a truth of two species, which the fitted model does not know."""

    title = "Do the intervals hold where the model is wrong?"
    size = 60
    model = "two-species"

    def page(self, rows: Sequence[Row]) -> Page:
        good = [row for row in rows if "failed" not in row]
        checks = [Check("virtual patients", len(good)), Check("of them failed", len(rows) - len(good))]
        checks += interval_checks(good, {0.5: None, 0.8: None, 0.9: (0.8, 1.0)}) + _score_checks(good, bar=None)
        return Page(tuple(checks), WRONG_WORDS, functools.partial(picture, good))


COHORT_SEED = 7000
"""Added to the study's seed. Which seeds were learnt from stands in docs/explanation/validation.md."""

WORDS = """Each virtual patient has a place in the MNI152 anatomy, parameters drawn from the priors that the fit assumes,
one of four treatments (none, 60 Gy, 60 Gy with temozolomide, 40 Gy in 15), two to four visits seen and one held out 4 to 12
weeks later. The truth is grown and scanned on voxels of 1 mm, with noise, scale errors of the ADC and wrongly drawn borders;
the fit sees blocks of 3 mm. Patients enter by what their visits seen show (1-120 mL, less than sixfold change), never by
what comes later.

The true volume and the true number of cells are those of the hidden state on the held-out day. A volume that a reader draws
has an error of its own: its interval is widened by that error and counted apart. After +- stands the binomial standard
error. The ranks of a parameter count the patients whose visits could say something about it."""

WRONG_WORDS = """As in the study of coverage, but the truth has enhancing and non-enhancing cells that grow, move and turn
into each other, drawn from the priors of that model; the fitted model knows one kind of cells."""


def forecast_row(
    virtual: VirtualPatient, true: Sequence[tuple[float, float]], seed: int, draws: int = DRAWS
) -> dict[str, Any]:
    """Fit the visits seen, forecast the held-out one, and compare with the truth."""
    patient, structure = virtual.patient, Structure()
    near = patient.crop(reachable(patient, patient.visits[-1].day))
    found = fit_seen(near, structure, seed)
    space = found.laplace.space
    z = recalibrated(found.laplace.draws(seed, draws), space, float(np.mean(near.grid.spacing_mm)))
    posterior = posterior_dataset(near, structure, space, found.z, z, seed, "laplace")
    names = [str(n) for n in posterior["parameter"].values]
    values = [dict(zip(names, row, strict=True)) for row in posterior["value"].values]
    held = Forecaster(near, initial_of(near), structure, tuple(v.day for v in patient.visits))
    courses = [c for c in (run_draw(held, v) for v in values) if isinstance(c, Course)]
    volumes, cells = (np.array([getattr(c, k)[-1] for c in courses]) for k in ("volume_ml", "burden_ml"))
    learnt = {p.name for p in space.parameters}
    known = {**virtual.truth, "first_adc_scale": first_scale(virtual)}
    return {
        "days": [v.day for v in patient.visits],
        "volume": against(volumes, true[-1][0]),
        "cells": against(cells, true[-1][1]),
        "reading": reading(volumes, observed(patient, -1), seed),
        "simple": _simple(patient, true[-1][0]),
        "ranks": {n: float(np.mean([v[n] < known[n] for v in values])) for n in names if n in learnt and n in known},
    }


def fit_seen(near: Patient, structure: Structure, seed: int) -> Fitted:
    import tempfile
    from dataclasses import replace

    with tempfile.TemporaryDirectory() as work, Crew() as crew:
        settings = Settings(evaluations=EVALUATIONS, seed=seed)
        return fit(replace(near, visits=near.seen), structure, settings, Path(work) / "journal", crew)


def against(draws: np.ndarray, true: float) -> dict[str, Any]:
    """Truth, median, the intervals at each level, and the CRPS of the draws."""
    sides = [sides_of(draws, level) for level in LEVELS]
    return {"true": true, "median": float(np.median(draws)), "intervals": sides, "crps": scores.crps(draws, true)}


def sides_of(draws: np.ndarray, level: float) -> list[float]:
    low, _, high = scores.interval(draws, level)
    return [float(low), float(high)]


def first_scale(virtual: VirtualPatient) -> float:
    """The scale error of the first scan's ADC: what it shows of tissue without tumour, over free water."""
    patient = virtual.patient
    shown = np.asarray(patient.visits[0].images["adc"].values)
    healthy = patient.medium.domain & (patient.visits[0].whole == 0) if patient.visits[0].whole is not None else None
    return float(np.median(shown[healthy])) / CELLULARITY.adc_water_mm2_per_s


def observed(patient: Patient, index: int) -> float:
    """The volume that the reader drew on a visit, mL."""
    whole = patient.visits[index].whole
    return 0.0 if whole is None else float(whole.sum()) * patient.grid.voxel_ml


def reading(volumes: np.ndarray, drawn: float, seed: int) -> dict[str, Any]:
    """The volume that was drawn against the draws with a reader's error on each."""
    read = scores.as_read(volumes, seed)
    return {"true": drawn, "intervals": [sides_of(read, level) for level in LEVELS]}


def _simple(patient: Patient, true: float) -> dict[str, float]:
    """Absolute error (the CRPS of a single value) of each simple forecast from the volumes seen."""
    days = np.array([v.day for v in patient.seen])
    volumes = np.array([observed(patient, k) for k in range(len(days))])
    return {name: abs(f(days, volumes, patient.visits[-1].day) - true) for name, f in naive.FORECASTS.items()}


def held_share(rows: Sequence[Row], what: str, level: float) -> tuple[float, float]:
    """Share of truths inside the interval, and its binomial standard error."""
    k = LEVELS.index(level)
    inside = [row[what]["intervals"][k][0] <= row[what]["true"] <= row[what]["intervals"][k][1] for row in rows]
    share = float(np.mean(inside))
    return share, float(np.sqrt(share * (1 - share) / len(rows)))


QUANTITIES = {"volume": "true volume", "cells": "true number of cells", "reading": "drawn volume, reading error included"}


def interval_checks(rows: Sequence[Row], bars) -> list[Check]:
    checks = []
    for what, words in QUANTITIES.items():
        for level in LEVELS:
            share, error = held_share(rows, what, level)
            bar = bars[level] if what != "reading" else None
            low, high = bar or (-float("inf"), float("inf"))
            checks.append(Check(f"{100 * level:.0f} % interval holds the {words}", share, low, high, f"± {error:.3f}"))
    return checks


def parameter_ranks(rows: Sequence[Row]) -> dict[str, np.ndarray]:
    names = list(dict.fromkeys(n for row in rows for n in row["ranks"]))
    return {n: np.array([row["ranks"][n] for row in rows if n in row["ranks"]]) for n in names}


def rank_checks(rows: Sequence[Row]) -> list[Check]:
    """Chi-square test that the ranks fill ten bins alike."""
    checks = []
    for name, ranks in parameter_ranks(rows).items():
        counts, _ = np.histogram(ranks, RANK_BINS, (0, 1))
        p = float(chisquare(counts).pvalue)
        checks.append(Check(f"ranks of {name} uniform: p", p, 0.01, note=f"{len(ranks)} patients, mean {ranks.mean():.2f}"))
    return checks


def _score_checks(rows: Sequence[Row], bar: float | None = 30.0) -> list[Check]:
    twin = float(np.median([row["volume"]["crps"] for row in rows]))
    simple = {n: float(np.median([row["simple"][n] for row in rows])) for n in naive.FORECASTS}
    best = min(simple, key=lambda n: simple[n])
    checks = [Check("median CRPS of the volume, twin (mL)", twin)]
    checks += [Check(f"median CRPS of the volume, {n} (mL)", value) for n, value in simple.items()]
    gain = 100 * (1 - twin / simple[best])
    return [*checks, Check(f"better than the best of them ({best}), %", gain, -float("inf") if bar is None else bar)]


def picture(rows: Sequence[Row], path: Path) -> None:
    """Stated against measured shares, and the ranks of every parameter."""
    from twin.visual.ranks import coverage_figure

    shares = {
        QUANTITIES[what]: [(level, *held_share(rows, what, level)) for level in LEVELS] for what in ("volume", "cells")
    }
    coverage_figure(path, shares, {in_words(name): ranks for name, ranks in parameter_ranks(rows).items()})
