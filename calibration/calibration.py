"""A calibrated twin, in memory and in its folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import xarray as xr

from calibration.structure import Structure
from solvers.problem import Problem
from twin.patient import Patient
from twin.store import load_dataset, load_json, save_dataset, save_json
from twin.treatment import Plan

POSTERIOR, FIT, SUMMARY, JOURNAL = "posterior.zarr", "fit.zarr", "calibration.json", "search.journal"


@dataclass(frozen=True)
class Calibration:
    """The patient, the structure, the posterior draws, the fit on every visit, and the summary in words and numbers."""

    patient: Patient = field(repr=False)
    structure: Structure
    posterior: xr.Dataset = field(repr=False)
    fit: xr.Dataset = field(repr=False)
    summary: Mapping[str, Any] = field(repr=False)

    @property
    def draws(self) -> int:
        return int(self.posterior.sizes["draw"])

    @property
    def decision_day(self) -> float:
        """Day of the last visit seen: what comes after it is a forecast."""
        return float(self.summary["decision_day"])

    def values(self, draw: int) -> dict[str, float]:
        """Parameter values of one draw, by name."""
        return _by_name(self.posterior["value"].isel(draw=draw))

    @property
    def best(self) -> dict[str, float]:
        """Values at the optimum (the prior median where the data say nothing)."""
        return _by_name(self.posterior["best"])

    def problem(self, draw: int, days, plan: Plan | None = None) -> Problem:
        """What one draw predicts for ``days`` under ``plan`` (default: the patient's own), from the first scan on."""
        return self.structure.problem(self.patient, self.values(draw), days, plan)

    def save(self, folder: Path) -> None:
        """Write patient, posterior, fit and summary."""
        from twin.case.prepared import save_patient

        save_patient(self.patient, folder)
        save_dataset(folder / POSTERIOR, self.posterior)
        save_dataset(folder / FIT, self.fit)
        save_json(folder / SUMMARY, dict(self.summary))


def load_calibration(folder: Path) -> Calibration:
    """What :meth:`Calibration.save` wrote. Raises DataRefused where a part is missing."""
    from twin.case.prepared import load_patient

    summary = load_json(folder / SUMMARY)
    known = (summary.get("fixed", {}), summary.get("markers", {}), summary.get("growth_field", ""))
    structure = Structure(summary["model"], tuple(summary["effects"]), *known)
    posterior = load_dataset(folder / POSTERIOR).load()
    return Calibration(load_patient(folder), structure, posterior, load_dataset(folder / FIT), summary)


def _by_name(row: xr.DataArray) -> dict[str, float]:
    return {str(n): float(v) for n, v in zip(row["parameter"].values, row.values, strict=True)}
