"""What the steps before left in a RESULTS folder, read once and checked."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from twin.errors import DataRefused
from twin.patient import Patient
from twin.store import load_dataset, load_json

TRACK, DOSES = "track-record.json", "doses.zarr"


@dataclass(frozen=True)
class Results:
    """Labelled datasets and summaries; ``scenarios`` and ``study`` are None after a calibration alone, ``doses``
    where no option holds radiotherapy, ``track`` (the record of earlier forecasts) where no ledger is kept."""

    folder: Path
    patient: Patient
    calibration: dict[str, Any] = field(repr=False)
    posterior: xr.Dataset = field(repr=False)
    fit: xr.Dataset = field(repr=False)
    scenarios: xr.Dataset | None = field(repr=False, default=None)
    study: dict[str, Any] | None = field(repr=False, default=None)
    doses: xr.Dataset | None = field(repr=False, default=None)
    manifests: tuple[dict[str, Any], ...] = field(repr=False, default=())
    track: dict[str, Any] | None = field(repr=False, default=None)

    @property
    def tissues(self) -> tuple[str, ...]:
        return tuple(self.patient.medium.fractions)

    @property
    def decision_day(self) -> float:
        """The day from which arms may differ: that of the last visit that the twin has seen."""
        source = self.study or self.calibration
        day = source.get("decision_day")
        return float(self.patient.seen[-1].day if day is None else day)

    @property
    def horizon_day(self) -> float:
        """The last day of the forecast; of the fit where there are no scenarios."""
        if self.study is not None and self.scenarios is not None:
            return float(self.study.get("horizon_day", self.scenarios["t"].values[-1]))
        return float(self.fit["t"].values[-1])

    @property
    def arms(self) -> list[dict[str, Any]]:
        """The arms that have results, in the study's order."""
        if self.study is None or self.scenarios is None:
            return []
        present = set(map(str, self.scenarios["arm"].values))
        return [arm for arm in self.study.get("arms", []) if arm["id"] in present]

    @property
    def reference(self) -> str | None:
        """The id of the arm that the others are compared with."""
        ids = [arm["id"] for arm in self.arms]
        wanted = (self.study or {}).get("reference")
        return wanted if wanted in ids else (ids[0] if ids else None)

    @property
    def is_refuted(self) -> bool:
        """Whether the study ranks nothing, because the twin misses the last scan that it saw."""
        return any(c.get("verdict") == "not ranked" for c in (self.study or {}).get("comparisons", []))

    def draws(self, arm: str, name: str) -> np.ndarray:
        """A variable of one arm, (draw, ...)."""
        assert self.scenarios is not None
        return np.asarray(self.scenarios[name].sel(arm=arm).values)

    def at_day(self, arm: str, name: str, day: float) -> np.ndarray:
        """Draws of a curve on the stored day nearest to ``day``."""
        assert self.scenarios is not None
        nearest = int(np.abs(self.scenarios["t"].values - day).argmin())
        return self.draws(arm, name)[:, nearest]


def read_results(folder: Path) -> Results:
    """Read a RESULTS folder, or refuse it with the step that is missing."""
    from twin.case.prepared import load_patient

    if not folder.is_dir():
        raise DataRefused(
            f"There is no folder '{folder.name}'.",
            where=str(folder),
            why="a report is made of what calibrate and scenarios wrote",
            remedy="give the folder that calibrate or scenarios wrote",
        )
    calibration = load_json(folder / "calibration.json")
    has_scenarios = (folder / "scenarios.zarr").exists() and (folder / "scenarios.json").exists()
    return Results(
        folder=folder,
        patient=load_patient(folder),
        calibration=calibration,
        posterior=load_dataset(folder / "posterior.zarr").load(),
        fit=load_dataset(folder / "fit.zarr"),
        scenarios=load_dataset(folder / "scenarios.zarr") if has_scenarios else None,
        study=load_json(folder / "scenarios.json") if has_scenarios else None,
        doses=load_dataset(folder / DOSES) if has_scenarios and (folder / DOSES).exists() else None,
        track=load_json(folder / TRACK) if (folder / TRACK).exists() else None,
        manifests=tuple(load_json(p) for p in sorted(folder.glob("manifest-*.json"), key=_step)),
    )


def _step(path: Path) -> tuple[int, str]:
    order = ("manifest-demo", "manifest-run", "manifest-calibrate", "manifest-scenarios", "manifest-report")
    return (order.index(path.stem) if path.stem in order else len(order), path.name)
