"""Calibrate a patient with a growth rate that differs from place to place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from scipy.stats import multivariate_normal

from calibration.calibrate import Settings, check, costs, fit
from calibration.calibration import JOURNAL, Calibration
from calibration.contradiction import vanished
from calibration.evaluation import visit_scores
from calibration.field.basis import COEFFICIENT, GrowthField, rate_field
from calibration.field.fit import FieldFit, HeldOut, choose, fit_field, folds, held_out, objective_of, weighed
from calibration.forecast import forecast, horizon_day
from calibration.markers import sentences as marked
from calibration.next_scan import with_next_scan
from calibration.objective import Objective
from calibration.polish import Polished, jacobian_at, polish, residual_of
from calibration.pool import Crew
from calibration.posterior import Laplace, posterior_dataset
from calibration.region import reachable
from calibration.structure import Structure, growth_rate
from calibration.words import bounded, untold
from calibration.worth import quick_worth, with_worth
from solvers.model import models
from twin.errors import UsageError
from twin.fields import SPACE
from twin.parameter import declared
from twin.patient import Patient
from twin.progress import SILENT, Progress, stage

TRIES, FOLDS = 12, 4

NO_EXACT = "a field has no exact form, so hold the last scan out and see how the forecast meets it"


def calibrate_field(
    patient: Patient,
    out: Path,
    kind: str = "gp",
    *,
    settings: Settings | None = None,
    structure: Structure | None = None,
    tries: int = TRIES,
    progress: Progress = SILENT,
) -> Calibration:
    """Fit one rate first, then the field ``kind`` (:mod:`calibration.field.basis`) around it; writes ``out`` as
    :func:`calibration.calibrate.calibrate` does, and the field's mean and spread beside the fit.

    The field's length and spread are chosen on blocks of a centimetre left out of the last scan seen (``tries`` of them).
    Raises UsageError for an engine or a model without gradients, DataRefused where only one visit may be seen.
    """
    structure, settings = structure or Structure(), settings or Settings()
    growth_rate(structure.model)
    if settings.engine != "native":
        raise UsageError("A growth field needs the native engine's gradient.", remedy="leave out --engine")
    check(patient, settings.posterior)
    box = reachable(patient, horizon_day(patient))
    near = patient.crop(box)
    seen = replace(near, visits=near.seen)
    seen = seen.crop(reachable(seen, seen.visits[-1].day))
    with Crew(settings.processes) as crew:
        found = fit(replace(near, visits=near.seen), structure, settings, out / JOURNAL, crew, progress)
        start = found.laplace.space.values(found.z)
        field, _ = choose(seen, structure, kind, start, tries, settings.seed, progress)
        shaped = replace(structure, growth_field=field.text)
        with stage(progress, "fitting the field", 1) as bar:
            fitted = fit_field(objective_of(seen, shaped), standard(objective_of(seen, shaped), start))
            gain = fitted.objective(standard(fitted.objective, start)) - fitted.value
            bar.advance()
        laplace = _laplace(fitted, crew, progress)
        z = _draws(laplace, settings.seed, settings.draws)
        normal = multivariate_normal(laplace.z, laplace.covariance)
        sampling = quick_worth(costs(fitted.objective, z, crew, progress), normal.logpdf(z))
        posterior = posterior_dataset(near, shaped, laplace.space, fitted.z, z, settings.seed, "laplace")
        rows = [dict(zip(posterior["parameter"].values, row, strict=True)) for row in posterior["value"].values]
        maps = forecast(patient, (near, box), shaped, rows, accuracy=settings.accuracy, crew=crew, progress=progress)
    maps = maps.assign(_maps(patient, shaped, posterior))
    compared = blocks(seen, structure, shaped, start, block_seed(settings.seed), progress)
    summary = _summary(patient, shaped, (found.found.evaluations, found.found.failed), fitted, laplace, compared)
    summary["visits"] = visit_scores(patient, maps)
    summary["steps"] = [{"name": "growth field instead of one rate", "objective": fitted.value, "gain": gain}]
    summary["sentences"].insert(1, _told(patient, maps))
    summary = with_next_scan(with_worth(summary, sampling, NO_EXACT), maps)
    calibration = Calibration(patient, shaped, posterior, maps, summary)
    calibration.save(out)
    return calibration


def standard(objective: Objective, values: Mapping[str, float]) -> np.ndarray:
    """z of the values, with the field's coefficients at zero."""
    return objective.space.standard({p.name: values.get(p.name, p.default) for p in objective.space.parameters})


def block_seed(seed: int) -> int:
    """Deals the blocks on which a field is judged: others than those on which its length was chosen."""
    return seed + 1


def fit_one_rate(objective: Objective, start: np.ndarray) -> Polished:
    """The structure without a field on the same small cubes, for comparison."""
    weighted = weighed(objective, start)
    return polish(weighted, Crew().over(weighted), start, 6)


def blocks(
    seen: Patient,
    structure: Structure,
    shaped: Structure,
    start: Mapping[str, float],
    seed: int,
    progress: Progress = SILENT,
) -> tuple[HeldOut, HeldOut]:
    """Blocks of a centimetre of the last scan left out of the fit: (one rate, the field)."""
    one, many = objective_of(seen, structure), objective_of(seen, shaped)
    left = folds(one, FOLDS, seed)
    with stage(progress, "fitting with blocks left out", 2) as bar:
        plain = held_out(one, standard(one, start), left, fit_one_rate)
        bar.advance()
        return plain, held_out(many, standard(many, start), left)


def _laplace(fitted: FieldFit, crew: Crew, progress: Progress) -> Laplace:
    with stage(progress, "the field's posterior", 1) as bar:
        low, high = fitted.objective.space.bounds()
        evaluate = crew.over(fitted.objective)
        residual = next(iter(evaluate(residual_of, [fitted.z])))
        jacobian = jacobian_at(evaluate, fitted.z, residual, low, high)
        bar.advance()
    return Laplace.at(fitted.objective.space, fitted.z, residual, jacobian)


def _draws(laplace: Laplace, seed: int, count: int) -> np.ndarray:
    """(count, parameter) z, normal about the optimum, cut to the admissible ranges."""
    low, high = laplace.space.bounds()
    z = np.random.default_rng((seed, 2)).multivariate_normal(laplace.z, laplace.covariance, count)
    return np.clip(z, low, high)


def _maps(patient: Patient, structure: Structure, posterior: xr.Dataset) -> dict[str, Any]:
    """Mean and standard deviation of the rate over the draws, (z, y, x)."""
    field, name = GrowthField.read(structure.growth_field), growth_rate(structure.model)
    rows = [dict(zip(posterior["parameter"].values, row, strict=True)) for row in posterior["value"].values]
    p = next(p.anywhere() for p in declared(models[structure.model]) if p.name == name)
    total, squares = np.zeros(patient.grid.shape), np.zeros(patient.grid.shape)
    for row in rows:
        rate = np.clip(rate_field(field, patient, row[name], row), p.low, p.high)
        total += rate
        squares += rate**2
    mean = total / len(rows)
    spread = np.sqrt(np.maximum(squares / len(rows) - mean**2, 0.0))
    return {
        "growth_rate": (SPACE, mean.astype(np.float32), {"units": "1/day", "long_name": "posterior mean of the rate"}),
        "growth_rate_spread": (SPACE, spread.astype(np.float32), {"units": "1/day", "long_name": "posterior spread"}),
    }


def _told(patient: Patient, maps: xr.Dataset) -> str:
    """The rate over the lesions seen, in one sentence."""
    place = np.logical_or.reduce([v.whole for v in patient.seen if v.whole is not None])
    rate = maps["growth_rate"].values[place]
    low, high = np.quantile(rate, (0.05, 0.95))
    return (
        f"Over the lesions seen the rate is {rate.mean():.3g} /day in the mean, 90 % of it in {low:.3g} to {high:.3g} /day."
    )


def effective(laplace: Laplace) -> tuple[float, np.ndarray]:
    """(effective number of coefficients, posterior over prior spread of each): trace of curvature times covariance."""
    shape = np.array([name.startswith(COEFFICIENT) for name in laplace.space.names])
    share = 1.0 - np.diag(laplace.covariance)[shape]
    return float(share.sum()), laplace.spread[shape]


def _summary(patient: Patient, structure: Structure, counts, fitted: FieldFit, laplace: Laplace, compared) -> dict[str, Any]:
    number, spread = effective(laplace)
    one, field = compared
    parameters = structure.parameters(patient)
    silent = tuple(p for p in parameters if p.name not in laplace.space.names)
    return {
        "model": structure.model,
        "effects": list(structure.effects),
        "fixed": dict(structure.fixed),
        "markers": dict(structure.markers),
        "growth_field": structure.growth_field,
        "method": "laplace",
        "evaluations": counts[0] + fitted.gradients,
        "failed_evaluations": counts[1],
        "decision_day": patient.seen[-1].day,
        "field": {
            "coefficients": len(spread),
            "effective_number": number,
            "posterior_over_prior": spread.tolist(),
            "held_out_error": {"one_rate": one.error, "field": field.error},
            "held_out_ccc": {"one_rate": one.ccc, "field": field.ccc},
        },
        "sentences": _sentences(structure, number, spread, one, field)
        + untold(silent)
        + marked(parameters, structure.markers),
        "warnings": vanished(patient) + bounded(laplace),
        "citations": list(structure.citations()),
    }


def _sentences(structure: Structure, number: float, spread: np.ndarray, one: HeldOut, field: HeldOut) -> list[str]:
    known = GrowthField.read(structure.growth_field)
    length = f" over {known.length_mm:g} mm" if known.kind == "gp" else ""
    better = "less than" if field.error < one.error else "no less than"
    return [
        f"The growth rate differs from place to place ({known.kind}{length}, spread {known.spread_per_day:g} /day): "
        f"{len(spread)} coefficients, of which the data support about {number:.0f}.",
        f"On blocks of a centimetre left out of the last scan the field errs by {field.error:.3f} in cell fraction, "
        f"{better} one rate everywhere ({one.error:.3f}).",
        f"{int((spread > 0.8).sum())} of the coefficients keep more than 80 % of their prior's spread: "
        "the field is known where it is smooth, not in detail.",
        "Between two scans a drug's kill and the growth rate act together: the field holds the net of both, "
        "and the data cannot tell which of them differs from place to place.",
    ]
