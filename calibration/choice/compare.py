"""Calibrate several growth models on one patient, weigh them, and average their forecasts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from calibration.calibrate import calibrate
from calibration.calibration import SUMMARY, Calibration, load_calibration
from calibration.choice.criteria import FEWEST, criterion, rows, stacking
from calibration.choice.likelihood import pieces, together_of
from calibration.evaluation import visit_scores
from calibration.structure import Structure
from twin.errors import SolverError, UsageError
from twin.patient import Patient
from twin.progress import SILENT, Progress
from twin.store import save_dataset, save_json
from twin.visual.size_forecast import save_forecast


def compare_models(
    patient: Patient,
    out: Path,
    models: Sequence[str],
    *,
    keep: bool = False,
    progress: Progress = SILENT,
    **settings: Any,
) -> dict[str, Any]:
    """Calibrate each of ``models`` into ``out``/MODEL (``settings`` as for :func:`calibration.calibrate.calibrate`) and
    weigh them; writes ``choice.json``, the stacked forecast ``stacked.zarr`` (as ``fit.zarr``) and its picture
    ``forecast.png``, returns the first. ``keep`` takes a model that ``out`` holds finished as it is: for going on after
    an interruption, with the same patient and settings. A model without an answer is left out and named in "failed";
    SolverError where none is left.
    """
    if len(set(models)) < 2:
        raise UsageError("One model cannot be compared.", remedy="name two or more, as --models fisher-kpp,gompertz")
    if settings.get("draws", FEWEST) < FEWEST:
        raise UsageError(
            f"{settings['draws']} draws a model are too few to compare models.",
            why=f"what a piece left out would change is estimated from at least {FEWEST}",
            remedy=f"ask for --draws {FEWEST} or more",
        )
    twins, failed = _calibrated(patient, out, models, keep, progress, settings)
    together = max(together_of(t) for t in twins.values())
    found = {m: criterion(pieces(t, together)) for m, t in twins.items()}
    weights = stacking(list(found.values()))
    stacked, decision = mixture(twins, weights), next(iter(twins.values())).decision_day
    visits, notes = visit_scores(patient, stacked), [*_notes(found, weights), told(stacked), *_left_out(failed)]
    summary = {"models": rows(found, weights), "visits": visits, "notes": notes, "failed": failed}
    save_dataset(out / "stacked.zarr", stacked)
    save_forecast(stacked, visits, decision, out)
    save_json(out / "choice.json", summary)
    return summary


def _calibrated(
    patient: Patient, out: Path, models: Sequence[str], keep: bool, progress: Progress, settings: Mapping[str, Any]
) -> tuple[dict[str, Calibration], list[dict[str, str]]]:
    """(the twin of each model, the models without one and why)."""
    twins: dict[str, Calibration] = {}
    failed: list[dict[str, str]] = []
    for name in dict.fromkeys(models):
        try:
            if keep and (out / name / SUMMARY).exists():
                twins[name] = load_calibration(out / name)
            else:
                twins[name] = calibrate(patient, out / name, structure=Structure(name), progress=progress, **settings)
        except SolverError as error:
            failed.append({"model": name, "reason": error.what, "advice": error.remedy})
    if not twins:
        raise SolverError(
            "No model could be calibrated.",
            where="; ".join(f"{f['model']}: {f['reason']}" for f in failed),
            why="there is nothing to compare or to average",
            remedy=failed[0]["advice"] or "check the case with `oncotwin inspect`",
        )
    return twins, failed


def _left_out(failed: Sequence[Mapping[str, str]]) -> list[str]:
    return [f"{f['model']} could not be calibrated and is left out: {f['reason']}" for f in failed]


def told(stacked: xr.Dataset) -> str:
    """The stacked forecast on its last day, in words."""
    low, middle, high = np.quantile(stacked["volume_ml"].values[:, -1], [0.05, 0.5, 0.95])
    day = float(stacked["t"][-1])
    return f"Stacked forecast: on day {day:g} the visible volume is {middle:.3g} mL (90 % interval {low:.3g} to {high:.3g})."


def mixture(twins: Mapping[str, Calibration], weights: np.ndarray) -> xr.Dataset:
    """Maps averaged by weight, and draws of each model in proportion to it."""
    fits = [t.fit.load() for t in twins.values()]
    out = fits[0].copy()
    for name in ("predicted_fraction", "probability"):
        total = sum(float(w) * f[name].values for w, f in zip(weights, fits, strict=True))
        out[name] = (fits[0][name].dims, np.asarray(total, np.float32), fits[0][name].attrs)
    counts = [max(0, round(float(w) * f.sizes["draw"])) for w, f in zip(weights, fits, strict=True)]
    numbers = ["volume_ml", "core_ml", "burden_ml"]
    drawn = xr.concat([f[numbers].isel(draw=slice(0, n)) for f, n in zip(fits, counts, strict=True) if n], "draw")
    return out.drop_vars(numbers).merge(drawn)


def _notes(found: Mapping[str, Any], weights: np.ndarray) -> list[str]:
    best, *others = sorted(found, key=lambda m: -found[m].elpd)
    notes = []
    for name in others:
        difference = found[best].pieces - found[name].pieces
        error = float(np.sqrt(len(difference) * difference.var()))
        sure = "tell them apart" if difference.sum() > 2 * error else "do not tell them apart"
        notes.append(f"{best} against {name}: {difference.sum():.2g} +/- {error:.2g} in log density; the data {sure}.")
    unsure = [f"{name} ({c.k_unsure})" for name, c in found.items() if c.k_unsure]
    if unsure:
        notes.append(f"Leaving a piece out is unsure (Pareto k > 0.7) for {', '.join(unsure)}: take more draws.")
    return notes
