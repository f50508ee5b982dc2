"""Whether the intervals still hold after an update: two visits fitted, sharpened by a third, a fourth forecast."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from calibration.calibrate import Settings, calibrate
from calibration.calibration import Calibration
from calibration.studies.coverage import (
    BARS,
    DRAWS,
    EVALUATIONS,
    against,
    first_scale,
    interval_checks,
    observed,
    picture,
    rank_checks,
    reading,
)
from calibration.study import Check, Page, Row, Study, studies
from calibration.update import update
from calibration.virtual.cohort import Cohort
from calibration.virtual.patient import VirtualPatient
from twin.errors import OncotwinError
from twin.patient import Patient

COHORT_SEED = 9000
FIRST, SHARPENED, AT_ONCE = "two visits", "updated", "at once"


@studies.register("update")
class Update(Study):
    """The same forecast three ways: from two visits, after an update with the third, and from all three at once."""

    title = "Do the intervals hold after an update?"
    size = 60

    def cases(self, size: int, seed: int, data: Path | None) -> Sequence[str]:
        return [f"{seed}-{number}" for number in range(size)]

    def measure(self, key: str, data: Path | None) -> Row:
        seed, number = map(int, key.split("-"))
        cohort = Cohort(COHORT_SEED + seed, seen=(3,))
        virtual = cohort.patient(number)
        true = cohort.true_numbers(virtual)[-1]
        days = [v.day for v in virtual.patient.visits]
        return {"days": days, **{how: _held(twin, virtual, true, seed) for how, twin in three_ways(virtual, seed).items()}}

    def page(self, rows: Sequence[Row]) -> Page:
        good = [row for row in rows if "failed" not in row]
        checks = [Check("virtual patients", len(good)), Check("of them failed", len(rows) - len(good))]
        updated, at_once = ([row[how] for row in good] for how in (SHARPENED, AT_ONCE))
        checks += interval_checks(updated, BARS)
        checks += [replace(c, what=f"all three at once: {c.what}") for c in interval_checks(at_once, dict.fromkeys(BARS))]
        checks += rank_checks(updated) + _alike(good)
        return Page(tuple(checks), WORDS, functools.partial(picture, updated))


WORDS = """Virtual patients as in the study of coverage (another cohort), each with three visits seen and a fourth held out.
The twin is calibrated on the first two visits and taken on by `oncotwin update` with the third; beside it stands one
calibration on all three. A spread is the standard deviation over the draws, of the logarithm for the growth parameters; a
distance is that of the two means, in spreads of the calibration on all three. The ranks count every patient, also those
whose treatment a parameter does not concern. After +- stands the binomial standard error."""


def three_ways(virtual: VirtualPatient, seed: int) -> dict[str, Calibration]:
    """Calibrated on two visits, updated with the third, and calibrated on all three."""
    patient = virtual.patient
    settings = Settings(evaluations=EVALUATIONS, draws=DRAWS, seed=seed)
    asked: dict[str, Any] = {"evaluations": EVALUATIONS, "draws": DRAWS, "seed": seed}
    with tempfile.TemporaryDirectory() as work:
        first = calibrate(_two_seen(patient), Path(work) / "first", **asked)
        updated = update(patient, Path(work) / "first", settings)
        if updated is None:
            raise OncotwinError("The third visit was not taken as new.", where="update")
        found = {FIRST: first, SHARPENED: updated.calibration, AT_ONCE: calibrate(patient, Path(work) / "all", **asked)}
        for twin in found.values():
            twin.fit.load()
    return found


def _two_seen(patient: Patient) -> Patient:
    return replace(patient, visits=tuple(replace(v, held_out=k > 1) for k, v in enumerate(patient.visits)))


def _held(twin: Calibration, virtual: VirtualPatient, true: tuple[float, float], seed: int) -> dict[str, Any]:
    """Intervals of the last visit, ranks of the truth, and mean and spread of every parameter."""
    day = virtual.patient.visits[-1].day
    volumes, cells = (_finite(twin.fit[name].sel(t=day).values) for name in ("volume_ml", "burden_ml"))
    values = {str(n): twin.posterior["value"].sel(parameter=n).values for n in twin.posterior["parameter"].values}
    known = {**virtual.truth, "first_adc_scale": first_scale(virtual)}
    return {
        "volume": against(volumes, true[0]),
        "cells": against(cells, true[1]),
        "reading": reading(volumes, observed(virtual.patient, -1), seed),
        "ranks": {n: float(np.mean(v < known[n])) for n, v in values.items() if n in known and np.ptp(v) > 0},
        "logs": {n: [float(np.log(v).mean()), float(np.log(v).std())] for n, v in values.items() if n in GROWTH},
    }


GROWTH = {"diffusivity_mm2_per_day": "D", "proliferation_per_day": "rho"}


def _finite(draws: np.ndarray) -> np.ndarray:
    return draws[np.isfinite(draws)]


def _alike(rows: Sequence[Row]) -> list[Check]:
    """How far step by step lies from all at once, and what each forecast scores."""
    checks = []
    for name, short in GROWTH.items():
        pairs = [(row[SHARPENED]["logs"][name], row[AT_ONCE]["logs"][name]) for row in rows]
        distance = [abs(a[0] - b[0]) / b[1] for a, b in pairs]
        ratio = [a[1] / b[1] for a, b in pairs]
        checks.append(Check(f"distance of {short}, step by step from at once, median", *_middle(distance)))
        checks.append(Check(f"spread of {short}, step by step over at once, median", *_middle(ratio)))
    for how in (FIRST, SHARPENED, AT_ONCE):
        score = [row[how]["volume"]["crps"] for row in rows]
        checks.append(Check(f"median CRPS of the volume, {how} (mL)", *_middle(score)))
    return checks


def _middle(values: Sequence[float]) -> tuple[float, float, float, str]:
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    return float(middle), -float("inf"), float("inf"), f"quartiles {low:.3g} - {high:.3g}"
