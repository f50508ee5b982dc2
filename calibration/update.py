"""A new visit: the earlier forecast is scored, the posterior becomes the prior and is sharpened, a new forecast is made."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from calibration.calibrate import Fitted, Settings, quick_draws, summarise
from calibration.calibration import Calibration, load_calibration
from calibration.discrepancy import discrepancies
from calibration.evaluation import seen, twin_scores, visit_scores
from calibration.forecast import forecast, horizon_day
from calibration.ledger.chain import Ledger
from calibration.ledger.keeping import earlier, keep_scores
from calibration.ledger.options import named_option, score_options
from calibration.news import check_same, new_days
from calibration.next_scan import with_next_scan
from calibration.objective import Objective
from calibration.polish import polish
from calibration.pool import Crew
from calibration.posterior import posterior_dataset
from calibration.region import reachable
from calibration.search import Found
from calibration.sequential import Known, Sequential
from calibration.structure import Structure
from calibration.worth import with_worth
from twin.patient import Patient
from twin.progress import SILENT, Progress, stage
from twin.treatment import Plan


@dataclass(frozen=True)
class Sharpened(Objective):
    """The objective of the new visits alone, with the earlier posterior in the prior's place."""

    known: Known | None = None

    @classmethod
    def on(cls, patient: Patient, structure: Structure, known: Known, settings: Settings) -> Sharpened:
        """``patient`` shows its first visit (where the forecast starts) and the new ones; what the first one's regions tell
        is in the earlier posterior already."""
        plain = Objective.of(patient, structure, settings.coarsen, settings.engine, settings.accuracy)
        own = {f.name: getattr(plain, f.name) for f in fields(plain)}
        own["comparisons"] = tuple(c for c in plain.comparisons if c.day > patient.visits[0].day)
        return cls(**own, known=known.of(plain.space.names))

    def residual(self, z: np.ndarray) -> np.ndarray:
        """The new visits' weighted residuals, and those of the earlier posterior last."""
        assert self.known is not None
        data = super().residual(z)[: -len(z)]
        return np.concatenate([data, self.known.residual(z).astype(np.float32)])


@dataclass(frozen=True)
class Updated:
    """The twin after the new visits, and what the earlier forecasts scored on them (contents of the ledger's records)."""

    calibration: Calibration
    scores: tuple[dict[str, Any], ...]


def update(
    patient: Patient, folder: Path, settings: Settings, progress: Progress = SILENT, arm: str | None = None
) -> Updated | None:
    """Go on from the calibration in ``folder`` with the visits that ``patient`` has and it did not see.

    The earlier forecasts are scored on them (into the ledger), and of the options that were compared the one that was
    taken: ``arm``, or those with which the treatments given agree. Then the earlier draws, as a normal density in the
    coordinates of :class:`calibration.sequential.Known`, stand in the prior's place, the objective holds the new visits
    alone, and polish, weighing and the first scan's errors follow as in :func:`calibration.calibrate.calibrate`: no
    search, and no visit counted twice. The scores are written when all is computed; nothing else in ``folder`` changes until
    :func:`calibration.settle.replace_calibration`.
    None where there is no new visit; an option that is named is then scored on the visits seen before. Raises UsageError for
    one that is not on record, DataRefused where an earlier visit changed or the new one lies before it.
    """
    named_option(Ledger(folder), arm)
    old = load_calibration(folder)
    news = new_days(old.patient, patient)
    if not news:
        for visit in patient.seen if arm else ():
            score_options(Ledger(folder), patient.treatments, visit.name, seen(patient, visit), arm)
        return None
    check_same(old.patient, patient, news)
    with Crew(settings.processes) as crew:
        blind = replace(
            patient,
            visits=tuple(replace(v, held_out=v.held_out or v.day in news) for v in patient.visits),
            treatments=old.patient.treatments,
        )
        fit = _run_again(old, blind, settings, crew, progress)
        calibration = _sharpened(old, patient, news, settings, crew, progress)
    ledger = Ledger(folder)
    return Updated(calibration, tuple(_scored(old, blind, fit, news, patient.treatments, ledger, arm)))


def _run_again(old: Calibration, blind: Patient, settings: Settings, crew: Crew, progress: Progress) -> xr.Dataset:
    """The forecast in force on the new visits' days, for its maps, as it was made: under the treatments known then."""
    box = reachable(blind, blind.visits[-1].day)
    rows = [old.values(k) for k in range(old.draws)]
    near = (blind.crop(box), box)
    return forecast(
        blind, near, old.structure, rows, engine=settings.engine, accuracy=settings.accuracy, crew=crew, progress=progress
    )


def _scored(
    old: Calibration, blind: Patient, fit: xr.Dataset, news: tuple[float, ...], given: Plan, ledger: Ledger, arm: str | None
) -> list[dict[str, Any]]:
    """What the earlier forecasts and the options said of the new visits, into the ledger."""
    found: list[dict[str, Any]] = []
    for index, visit in enumerate(blind.visits):
        if visit.day in news:
            now = seen(blind, visit)
            scored = twin_scores(blind, fit.isel(visit=index), fit, now)
            found += keep_scores(ledger, old, visit.name, now, {k: scored[k] for k in ("ccc", "dice")}, fit)
            found += score_options(ledger, given, visit.name, now, arm)
    return found


def _sharpened(
    old: Calibration, patient: Patient, news: tuple[float, ...], settings: Settings, crew: Crew, progress: Progress
) -> Calibration:
    box = reachable(patient, horizon_day(patient))
    near, structure = patient.crop(box), old.structure
    shown = tuple(v for k, v in enumerate(near.visits) if k == 0 or v.day in news)
    objective = Sharpened.on(
        replace(near, visits=shown), structure, Known.of_draws(near, structure, old.posterior), settings
    )
    fitted = _fitted(objective, settings, crew, progress)
    z, sampling = quick_draws(fitted, settings, crew, progress)
    posterior = posterior_dataset(near, structure, fitted.laplace.space, fitted.z, z, settings.seed, "sequential laplace")
    posterior["earlier_value"] = (("earlier_draw", "parameter"), _in_order(old, posterior))
    rows = [dict(zip(posterior["parameter"].values, row, strict=True)) for row in posterior["value"].values]
    maps = forecast(
        patient,
        (near, box),
        structure,
        rows,
        engine=settings.engine,
        accuracy=settings.accuracy,
        crew=crew,
        progress=progress,
    )
    summary = summarise(patient, near, structure, fitted, visit_scores(patient, maps))
    summary |= {"method": "sequential laplace", "updated_with_days": list(news), **earlier(old)}
    return Calibration(patient, structure, posterior, maps, with_next_scan(with_worth(summary, sampling), maps))


def _in_order(old: Calibration, posterior) -> np.ndarray:
    """The earlier draws in the order of the new posterior's parameters."""
    return old.posterior["value"].sel(parameter=posterior["parameter"].values).values


def _fitted(objective: Sharpened, settings: Settings, crew: Crew, progress: Progress) -> Fitted:
    assert objective.known is not None
    with stage(progress, "sharpening by the new visit", 2):
        start = np.clip(objective.known.centre, *objective.space.bounds())
        first = polish(objective, crew.over(objective), start, rounds=4)
        progress.advance(note=f"best fit {first.objective:.4g}")
        misfits = discrepancies(objective, objective.space.values(first.z))
        weighed = objective.weighed(tuple(d.weights for d in misfits))
        evaluate = crew.over(weighed)
        second = polish(weighed, evaluate, first.z, rounds=3)
        progress.advance(note=f"best fit {second.objective:.4g}")
    steps = (
        {"name": "earlier posterior sharpened by the new visits", "objective": first.objective, "gain": 0.0},
        {"name": "visits weighed by their misfit", "objective": second.objective, "gain": 0.0},
    )
    laplace = Sequential.after(weighed.space, second, objective.known)
    found = Found(first.z, first.objective, 0, 0)
    return Fitted(weighed, found, replace(second, evaluations=first.evaluations + second.evaluations), laplace,
                  laplace.mode(), misfits, steps)  # fmt: skip
