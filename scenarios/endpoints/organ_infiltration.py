"""The tumour inside each organ or eloquent region."""

from __future__ import annotations

import numpy as np

from scenarios.endpoint import Measured, Sight, endpoints
from scenarios.organs import followed
from solvers.problem import Snapshot
from twin.patient import Patient


class OrganInfiltration(Measured):
    """Share of each organ with a cell fraction above the visibility threshold, (organ) in [0, 1]."""

    variable, label, unit, by_organ = "organ_infiltration", "share of the organ that is visible tumour", "1", True

    def applies(self, patient: Patient) -> bool:
        return bool(followed(patient))

    def measure(self, snapshot: Snapshot, sight: Sight) -> np.ndarray:
        seen = snapshot.visible > sight.threshold
        masks = sight.organs.values()
        return np.array([np.count_nonzero(seen & m[snapshot.box]) / np.count_nonzero(m) for m in masks])


endpoints.register("organ-infiltration")(OrganInfiltration())
