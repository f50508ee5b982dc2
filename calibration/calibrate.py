"""Calibrate a patient: search, polish, posterior, forecast, scores; one folder written."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from calibration.calibration import JOURNAL, Calibration
from calibration.contradiction import refuse_contradictions, vanished
from calibration.discrepancy import Discrepancy, discrepancies
from calibration.evaluation import visit_scores
from calibration.forecast import forecast, horizon_day
from calibration.markers import sentences as marked
from calibration.next_scan import with_next_scan
from calibration.objective import Objective
from calibration.polish import Polished, polish
from calibration.pool import Crew
from calibration.posterior import Laplace, posterior_dataset
from calibration.recalibration import recalibrated, told
from calibration.region import reachable
from calibration.sampler import sample_posterior
from calibration.search import Found, call, search
from calibration.structure import Structure
from calibration.words import identifiability, misfit
from calibration.worth import quick_worth, with_worth
from solvers.engine import Accuracy
from twin.errors import DataRefused, UsageError
from twin.patient import Patient
from twin.progress import SILENT, Progress, stage
from twin.registry import unknown

POSTERIORS = ("laplace", "sampler")
"""The quick form, from the slopes at the optimum; and draws weighed by the objective itself."""

QUICK_DRAWS = 400
"""Draws of the quick form, whose mean and covariance the sampler starts with."""

SEARCH_MM = 2.0
"""The search runs on voxels of at least this edge; the polish then works on the full grid."""


@dataclass(frozen=True)
class Settings:
    """How a calibration is computed; nothing here is a fact about the patient."""

    evaluations: int = 200
    draws: int = 50
    sampler: str = "tpe"
    seed: int = 0
    engine: str = "native"
    accuracy: Accuracy = "fast"
    processes: int = 1
    coarsen: int = 1
    posterior: str = POSTERIORS[0]
    profile: bool = False


@dataclass(frozen=True)
class Fitted:
    """What search and polish found, and the posterior at that point."""

    objective: Objective
    found: Found
    polished: Polished
    laplace: Laplace
    z: np.ndarray
    discrepancies: tuple[Discrepancy, ...]
    steps: tuple[dict[str, Any], ...]


def calibrate(
    patient: Patient,
    out: Path,
    *,
    evaluations: int = 200,
    draws: int = 50,
    sampler: str = "tpe",
    seed: int = 0,
    engine: str = "native",
    accuracy: Accuracy = "fast",
    processes: int = 1,
    coarsen: int = 1,
    posterior: str = POSTERIORS[0],
    profile: bool = False,
    structure: Structure | None = None,
    progress: Progress = SILENT,
) -> Calibration:
    """Fit the twin to the visits seen and forecast the others; writes ``out`` (see :mod:`calibration.calibration`).

    ``evaluations`` candidates are searched on a coarse grid, the best is polished on blocks of ``coarsen`` voxels, and
    ``draws`` of the posterior are run to the last visit. ``posterior``: "laplace", or "sampler"
    (:mod:`calibration.sampler`); ``profile`` adds profile likelihoods (:mod:`calibration.profile`). The same patient,
    settings and seed give the same result, also when it was interrupted and run again, and with any number of
    ``processes``. Raises DataRefused where only one visit may be seen, UsageError for an unknown form of posterior.
    """
    check(patient, posterior)
    settings = Settings(evaluations, draws, sampler, seed, engine, accuracy, processes, coarsen, posterior, profile)
    structure = structure or Structure()
    box = reachable(patient, horizon_day(patient))
    near = patient.crop(box)
    spacing_mm = coarsen * float(np.mean(near.grid.spacing_mm))
    with Crew(processes) as crew:
        fitted = fit(replace(near, visits=near.seen), structure, settings, out / JOURNAL, crew, progress)
        plain, sampling = drawn(fitted, settings, crew, progress)
        z = recalibrated(plain, fitted.laplace.space, spacing_mm)
        profiles = _profiles(fitted, crew, progress) if profile else {}
        data = posterior_dataset(near, structure, fitted.laplace.space, fitted.z, z, seed, posterior)
        rows = [dict(zip(data["parameter"].values, row, strict=True)) for row in data["value"].values]
        maps = forecast(
            patient, (near, box), structure, rows, engine=engine, accuracy=accuracy, crew=crew, progress=progress
        )
    summary = summarise(patient, near, structure, fitted, visit_scores(patient, maps)) | {"method": posterior} | profiles
    summary["sentences"] += told(plain, fitted.laplace.space, spacing_mm)
    summary = with_next_scan(with_worth(summary, sampling), maps)
    calibration = Calibration(patient, structure, data, maps, summary)
    calibration.save(out)
    return calibration


def drawn(fitted: Fitted, settings: Settings, crew: Crew, progress: Progress = SILENT) -> tuple[np.ndarray, dict[str, Any]]:
    """(draw, parameter) z of the posterior in the form asked for, and what they are worth (:mod:`calibration.worth`)."""
    if settings.posterior == "laplace":
        return quick_draws(fitted, settings, crew, progress)
    evaluate, quick = crew.over(fitted.objective), fitted.laplace.draws(settings.seed, QUICK_DRAWS)
    centre, covariance = quick.mean(axis=0), np.atleast_2d(np.cov(quick.T))
    found = sample_posterior(fitted.objective, evaluate, centre, covariance, settings.seed, progress=progress)
    facts: dict[str, Any] = {"evaluations": len(found.z), "failed": found.failed, "effective_draws": found.effective}
    facts["rhat"] = dict(zip(fitted.laplace.space.names, found.rhat.tolist(), strict=True))
    return found.draws(settings.seed, settings.draws), facts


def quick_draws(
    fitted: Fitted, settings: Settings, crew: Crew, progress: Progress = SILENT
) -> tuple[np.ndarray, dict[str, Any]]:
    """(draw, parameter) z of the quick form, and what they are worth when the objective itself weighs them."""
    z = fitted.laplace.draws(settings.seed, settings.draws)
    # Laplace's own density also for an update: where coordinates are stretched, objective and draws are so alike.
    return z, quick_worth(costs(fitted.objective, z, crew, progress), Laplace.log_density(fitted.laplace, z))


def costs(objective: Objective, z: np.ndarray, crew: Crew, progress: Progress = SILENT) -> np.ndarray:
    """The objective of every draw (draw, parameter)."""
    found = []
    with stage(progress, "weighing the draws", len(z)) as bar:
        for cost in crew.over(objective)(call, list(z)):
            found.append(cost)
            bar.advance()
    return np.array(found)


def _profiles(fitted: Fitted, crew: Crew, progress: Progress) -> dict[str, Any]:
    from calibration.profile import profiles

    found = profiles(fitted, crew, progress)
    return {"profiles": [{"name": p.name, "values": p.values, "rise": p.rise, "flat": p.flat} for p in found]}


def fit(
    near: Patient, structure: Structure, settings: Settings, journal: Path, crew: Crew, progress: Progress = SILENT
) -> Fitted:
    """Search, polish, weigh the visits by their residuals, polish again; the residuals' slopes there."""
    fine = Objective.of(near, structure, settings.coarsen, settings.engine, settings.accuracy)
    factor = search_factor(near, settings.coarsen)
    rough = fine if factor == settings.coarsen else _coarser(fine, factor)
    found = search(
        rough.space,
        crew.over(rough),
        journal,
        study_name(near, structure, settings, factor),
        evaluations=settings.evaluations,
        sampler=settings.sampler,
        seed=settings.seed,
        progress=progress,
    )
    return _polished(fine, found, settings, crew, progress)


def _coarser(fine: Objective, factor: int) -> Objective:
    return Objective.of(fine.patient, fine.structure, factor, fine.engine, fine.accuracy)


def _polished(fine: Objective, found: Found, settings: Settings, crew: Crew, progress: Progress) -> Fitted:
    with stage(progress, "polishing the best fit", 2):
        middle, start = crew.over(fine)(call, [np.zeros(len(found.z)), found.z])
        first = polish(fine, crew.over(fine), found.z)
        progress.advance(note=f"best fit {first.objective:.4g}")
        misfits = discrepancies(fine, fine.space.values(first.z))
        weighed = fine.weighed(tuple(d.weights for d in misfits))
        evaluate = crew.over(weighed)
        before = next(iter(evaluate(call, [first.z])))
        second = polish(weighed, evaluate, first.z, rounds=3)
        progress.advance(note=f"best fit {second.objective:.4g}")
    steps = (
        {"name": "global search", "objective": start, "gain": max(0.0, middle - start)},
        {"name": "local polish", "objective": first.objective, "gain": start - first.objective},
        {"name": "visits weighed by their misfit", "objective": second.objective, "gain": before - second.objective},
    )
    sensitive = fine.structure.sensitivities
    laplace = Laplace.at(weighed.space, second.z, second.residual, second.jacobian, sensitive)
    return Fitted(weighed, found, second, laplace, laplace.mode(), misfits, steps)


def search_factor(near: Patient, coarsen: int) -> int:
    """The search's block: at least ``SEARCH_MM`` along the finest axis."""
    return max(coarsen, int(np.ceil(SEARCH_MM / min(near.grid.spacing_mm))) if min(near.grid.shape) >= 32 else coarsen)


def study_name(near: Patient, structure: Structure, settings: Settings, factor: int) -> str:
    """A name that changes with anything that changes the objective or the proposals, so that a journal is never mixed up."""
    digest = hashlib.sha256()
    facts = [
        structure.model,
        structure.effects,
        dict(structure.fixed),
        [repr(p.prior) for p in structure.parameters(near)],
        settings.sampler,
        settings.seed,
        factor,
    ]
    facts += [settings.engine, settings.accuracy, repr(near.treatments.before(near.seen[-1].day)), near.site]
    facts += [repr(near.cellularity), repr(near.visibility), repr(near.grid)]
    digest.update(json.dumps(facts, default=str, sort_keys=True).encode())
    digest.update(np.packbits(near.medium.domain).tobytes())
    for visit in near.seen:
        digest.update(repr(visit.day).encode())
        for role, image in sorted(visit.images.items()):
            digest.update(role.encode() + np.ascontiguousarray(image.values).tobytes())
        for name, region in sorted(visit.regions.items()):
            digest.update(name.encode() + np.packbits(region).tobytes())
    return f"calibration-{digest.hexdigest()[:16]}"


def summarise(
    patient: Patient, near: Patient, structure: Structure, fitted: Fitted, visits: list[dict[str, Any]]
) -> dict[str, Any]:
    """The content of ``calibration.json``."""
    learnt = {p.name for p in fitted.laplace.space.parameters}
    silent = tuple(p for p in structure.parameters(near) if p.name not in learnt)
    sentences, warnings = identifiability(fitted.laplace, silent)
    return {
        "model": structure.model,
        "effects": list(structure.effects),
        "fixed": dict(structure.fixed),
        "markers": dict(structure.markers),
        "evaluations": fitted.found.evaluations + fitted.polished.evaluations,
        "failed_evaluations": fitted.found.failed,
        "decision_day": patient.seen[-1].day,
        "steps": list(fitted.steps),
        "sentences": misfit(fitted.discrepancies) + sentences + marked(structure.parameters(near), structure.markers),
        "warnings": vanished(patient) + warnings,
        "visits": visits,
        "citations": list(structure.citations()),
    }


def check(patient: Patient, posterior: str) -> None:
    """Refuse a patient of whom fewer than two visits may be seen, and an unknown form of posterior."""
    if posterior not in POSTERIORS:
        raise UsageError(
            unknown("form of the posterior", posterior, list(POSTERIORS)), remedy=f"known: {', '.join(POSTERIORS)}"
        )
    if len(patient.seen) < 2:
        raise DataRefused(
            "Growth cannot be learnt from one visit.",
            where=f"visit '{patient.visits[0].name}'",
            why="diffusion and proliferation show in the change between two scans",
            remedy="add a second visit before the held-out ones, or forecast with draws of the prior: --from-prior",
        )
    refuse_contradictions(patient)
