"""Calibrate several growth models on one patient, weigh them, and average their forecasts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from calibration.calibrate import calibrate
from calibration.calibration import Calibration
from calibration.choice.criteria import criterion, rows, stacking
from calibration.choice.likelihood import pieces, together_of
from calibration.evaluation import visit_scores
from calibration.structure import Structure
from twin.errors import UsageError
from twin.patient import Patient
from twin.progress import SILENT, Progress
from twin.store import save_dataset, save_json


def compare_models(
    patient: Patient, out: Path, models: Sequence[str], *, progress: Progress = SILENT, **settings: Any
) -> dict[str, Any]:
    """Calibrate each of ``models`` into ``out``/MODEL (``settings`` as for :func:`calibration.calibrate.calibrate`) and
    weigh them; writes ``choice.json`` and the stacked forecast ``stacked.zarr`` (as ``fit.zarr``), returns the former."""
    if len(set(models)) < 2:
        raise UsageError("One model cannot be compared.", remedy="name two or more, as --models fisher-kpp,gompertz")
    twins = {m: calibrate(patient, out / m, structure=Structure(m), progress=progress, **settings) for m in models}
    together = max(together_of(t) for t in twins.values())
    found = {m: criterion(pieces(t, together)) for m, t in twins.items()}
    weights = stacking(list(found.values()))
    stacked = mixture(twins, weights)
    save_dataset(out / "stacked.zarr", stacked)
    summary = {"models": rows(found, weights), "visits": visit_scores(patient, stacked), "notes": _notes(found, weights)}
    save_json(out / "choice.json", summary)
    return summary


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
