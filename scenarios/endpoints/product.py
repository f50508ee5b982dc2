"""The bidimensional product of neuro-oncology."""

from __future__ import annotations

from scenarios.endpoint import Measured, Sight, endpoints
from solvers.problem import Snapshot


class Product(Measured):
    """Longest axial diameter times its longest perpendicular, mm2 (Macdonald 1990; RANO, Wen 2010)."""

    variable, label, unit, at = "product_mm2", "bidimensional product", "mm2", "scan"
    citation = "Wen PY, et al. J Clin Oncol 2010;28:1963-1972"

    def measure(self, snapshot: Snapshot, sight: Sight) -> float:
        from twin.geometry.measure import bidimensional_mm2

        return bidimensional_mm2(snapshot.visible > sight.threshold, snapshot.grid.crop(snapshot.box))


endpoints.register("product")(Product())
