"""What a calibration of the embedded patient finds: numbers against the hidden truth, the forecast of scans kept back."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from calibration.calibrate import POSTERIORS, calibrate
from calibration.calibration import Calibration
from calibration.virtual.embedded import embedded_patient
from calibration.virtual.patient import VirtualPatient
from calibration.words import in_words

NAMES = (
    "diffusivity_mm2_per_day",
    "proliferation_per_day",
    "radiosensitivity_per_gy",
    "chemosensitivity_per_day",
)

Found = tuple[str, str, str, bool]
"""What, what was found, the bar, and whether it is met."""


def found(spacing_mm: int = 1, evaluations: int = 200, draws: int = 50) -> list[Found]:
    """Three visits seen, seed 0, as `oncotwin demo` calibrates it."""
    virtual = embedded_patient(spacing_mm=spacing_mm)
    with tempfile.TemporaryDirectory() as folder:
        twin = calibrate(virtual.patient, Path(folder), evaluations=evaluations, draws=draws, processes=2)
        return [*(_parameter(twin, virtual, n) for n in NAMES), *_scans(twin, virtual), _worth(twin, draws)]


def forms() -> list[Found]:
    """The same two numbers by the quick and by the exact form of the posterior, at 2 mm."""
    virtual, rows = embedded_patient(spacing_mm=2), []
    for form in POSTERIORS:
        with tempfile.TemporaryDirectory() as folder:
            twin = calibrate(virtual.patient, Path(folder), posterior=form, draws=100, processes=2)
            told = (_parameter(twin, virtual, n) for n in NAMES[:2])
            rows += [(f"{name} by {form}", *rest) for name, *rest in told]
    return rows


def _parameter(twin: Calibration, virtual: VirtualPatient, name: str) -> Found:
    values, truth = twin.posterior["value"].sel(parameter=name), virtual.truth[name]
    low, high = np.quantile(values, (0.05, 0.95))
    unit = str(values["unit"].item())
    words = f"{float(values.mean()):.3g} {unit}, spread {float(values.std()):.2g} ({low:.3g} to {high:.3g})"
    return in_words(name), words, f"truth {truth:g}", bool(low <= truth <= high)


def _scans(twin: Calibration, virtual: VirtualPatient) -> list[Found]:
    rows = []
    for visit in (v for v in twin.summary["visits"] if v["held_out"]):
        scored = visit["scores"]["twin"]
        patient, state = virtual.patient, virtual.states[visit["day"]]
        truth = float((state > patient.visibility.threshold).sum()) * patient.grid.voxel_ml
        words = (
            f"{scored['volume_ml']:.1f} mL ({scored['volume_low_ml']:.1f} to {scored['volume_high_ml']:.1f}); "
            f"CCC {scored['ccc']:.2f}, Dice {scored['dice']:.2f}"
        )
        inside = bool(scored["volume_low_ml"] <= truth <= scored["volume_high_ml"])
        rows.append((f"volume on day {visit['day']:g}, kept back", words, f"truth {truth:.1f} mL", inside))
    return rows


def _worth(twin: Calibration, draws: int) -> Found:
    facts = twin.summary["sampling"]
    words = f"{facts['effective_draws']:.0f} of {draws}; Pareto k {facts['pareto_k']:.2f}"
    return "worth of the draws", words, "a third", facts["effective_draws"] >= draws / 3
