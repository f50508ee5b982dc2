"""The bidimensional product of neuro-oncology."""

from __future__ import annotations

from scenarios.endpoint import Measured, Sight, endpoints
from scenarios.lesion import visible_lesion
from solvers.problem import Snapshot


class Product(Measured):
    """Longest axial diameter times its longest perpendicular, mm2 (Macdonald 1990; RANO, Wen 2010)."""

    variable, label, unit, at = "product_mm2", "bidimensional product", "mm2", "scan"
    citation = "Wen PY, et al. J Clin Oncol 2010;28:1963-1972"

    def measure(self, snapshot: Snapshot, sight: Sight) -> float:
        lesion = visible_lesion(snapshot, sight)
        return 0.0 if lesion is None else lesion.product_mm2


endpoints.register("product")(Product())
