"""All tumour cells, seen and unseen."""

from __future__ import annotations

from scenarios.endpoint import Measured, Sight, endpoints
from solvers.problem import Snapshot


class Burden(Measured):
    """The integral of the cell fraction, mL of tissue at carrying capacity (times theta: the number of cells)."""

    variable, label, unit = "burden_ml", "cell burden", "mL"

    def measure(self, snapshot: Snapshot, sight: Sight) -> float:
        return snapshot.burden_ml()


endpoints.register("burden")(Burden())
