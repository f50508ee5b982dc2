"""A forecast from the prior alone: what can be said after one visit, which shows no growth."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from calibration.calibrate import Settings
from calibration.calibration import Calibration
from calibration.evaluation import visit_scores
from calibration.forecast import forecast, horizon_day
from calibration.markers import sentences as marked
from calibration.pool import Crew
from calibration.posterior import posterior_dataset
from calibration.region import reachable
from calibration.space import Space
from calibration.structure import Structure
from twin.patient import Patient
from twin.progress import SILENT, Progress

SAYS = "These are draws of the prior: no growth was learnt from this patient, and the intervals are as wide as the prior's."


def from_prior(
    patient: Patient, out: Path, structure: Structure, settings: Settings, progress: Progress = SILENT
) -> Calibration:
    """``settings.draws`` draws of the priors (markers included), run to the horizon; writes ``out`` as a calibration does.

    The first scan gives the state on day 0; visits seen after it are not used. The same seed gives the same numbers.
    """
    box = reachable(patient, horizon_day(patient))
    near = patient.crop(box)
    nothing = Space(())
    empty = np.zeros((settings.draws, 0))
    posterior = posterior_dataset(near, structure, nothing, np.zeros(0), empty, settings.seed, "prior")
    rows = [dict(zip(posterior["parameter"].values, row, strict=True)) for row in posterior["value"].values]
    options: dict[str, Any] = {"engine": settings.engine, "accuracy": settings.accuracy, "progress": progress}
    with Crew(settings.processes) as crew:
        maps = forecast(patient, (near, box), structure, rows, crew=crew, **options)
    summary = {
        "model": structure.model,
        "effects": list(structure.effects),
        "fixed": dict(structure.fixed),
        "markers": dict(structure.markers),
        "method": "prior",
        "evaluations": 0,
        "failed_evaluations": 0,
        "decision_day": patient.seen[-1].day,
        "steps": [],
        "sentences": [SAYS, *marked(structure.parameters(near), structure.markers)],
        "warnings": [],
        "visits": visit_scores(patient, maps),
        "citations": list(structure.citations()),
    }
    twin = Calibration(patient, structure, posterior, maps, summary)
    twin.save(out)
    return twin
