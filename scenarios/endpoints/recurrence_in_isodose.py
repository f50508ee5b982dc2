"""How much of the predicted tumour lies where the dose was."""

from __future__ import annotations

import math

import numpy as np

from scenarios.endpoint import Measured, Sight, endpoints
from solvers.problem import Snapshot


def share_inside(region: np.ndarray | None, snapshot: Snapshot, sight: Sight) -> float:
    """The share of the visible tumour inside ``region`` (z, y, x); NaN without a region or without visible tumour."""
    if region is None:
        return math.nan
    seen = snapshot.visible > sight.threshold
    total = np.count_nonzero(seen)
    return float(np.count_nonzero(seen & region[snapshot.box]) / total) if total else math.nan


class RecurrenceInIsodose(Measured):
    """Share of the predicted visible tumour inside the 95 % isodose of all radiotherapy of the arm: 0.95 or more is a
    central recurrence, 0.8 to 0.95 in field, 0.2 to 0.8 marginal, below it distant (Lee 1999). From the decision day on;
    not defined for a uniform dose, nor on the decision day itself, which all arms share."""

    variable, label, unit, at = "recurrence_in_isodose", "predicted tumour inside the 95 % isodose", "1", "scan"
    lower_is_better = None
    citation = "Lee SW, et al. Int J Radiat Oncol Biol Phys 1999;43:79-88"

    def measure(self, snapshot: Snapshot, sight: Sight) -> float:
        return share_inside(sight.isodose, snapshot, sight)


endpoints.register("recurrence-in-isodose")(RecurrenceInIsodose())
