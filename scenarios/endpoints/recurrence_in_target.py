"""How much of the predicted tumour lies in the target volume of the case."""

from __future__ import annotations

from scenarios.endpoint import Measured, Sight, endpoints
from scenarios.endpoints.recurrence_in_isodose import share_inside
from scenarios.organs import target_of
from solvers.problem import Snapshot
from twin.patient import Patient


class RecurrenceInTarget(Measured):
    """Share of the predicted visible tumour inside the union of the declared target volumes (names that begin with GTV, CTV
    or PTV): what a target drawn today would cover of the tumour of that day."""

    variable, label, unit, at = "recurrence_in_target", "predicted tumour inside the target volume", "1", "scan"
    lower_is_better = None

    def applies(self, patient: Patient) -> bool:
        return target_of(patient) is not None

    def measure(self, snapshot: Snapshot, sight: Sight) -> float:
        return share_inside(sight.target, snapshot, sight)


endpoints.register("recurrence-in-target")(RecurrenceInTarget())
