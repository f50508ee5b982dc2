"""Grid convergence of the forecast volume, with Roache's index."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from solvers.effects.chemotherapy import Chemotherapy
from solvers.effects.radiotherapy import Radiotherapy
from solvers.models.fisher_kpp import FisherKPP
from solvers.problem import Problem, Snapshot
from solvers.simulate import solve
from solvers.verification.cases import last, places
from solvers.verification.table import Row
from twin.grid import Grid
from twin.medium import Medium
from twin.treatment import Plan, chemotherapy, radiotherapy

SIDE_MM = 48.0
THRESHOLD = 0.16
SAFETY = 1.25


@dataclass(frozen=True)
class Convergence:
    """A quantity on three grids, finest first, each coarser by ``ratio``."""

    values: tuple[float, float, float]
    ratio: float

    @property
    def order(self) -> float:
        """Observed order p = ln((f3 - f2) / (f2 - f1)) / ln r; NaN where the three values do not converge monotonically."""
        fine, middle, coarse = self.values
        quotient = (coarse - middle) / (middle - fine) if middle != fine else math.nan
        return math.log(quotient) / math.log(self.ratio) if quotient > 0 else math.nan

    @property
    def index_percent(self) -> float:
        """Grid convergence index of the finest grid, %: 1.25 |f2 - f1| / f1 / (r^p - 1), p at most 2 and at least 1.

        Roache 1994, J Fluids Eng 116:405.
        """
        fine, middle, _ = self.values
        p = min(max(self.order, 1.0), 2.0) if math.isfinite(self.order) else 1.0
        return 100.0 * SAFETY * abs(middle - fine) / fine / (self.ratio**p - 1.0)


def check(quick: bool) -> list[Row]:
    """A growing and a treated tumour at 2, 1 and 0.5 mm (quick: 4, 2 and 1 mm); ``fast`` accuracy, as forecasts use it."""
    spacings = (1.0, 2.0, 4.0) if quick else (0.5, 1.0, 2.0)
    rows = []
    for case, treated in (("untreated, day 60", False), ("chemoradiation, day 60", True)):
        shots = [forecast(h, treated) for h in spacings]
        for what, values in (("volume", [volume_ml(s) for s in shots]), ("burden", [s.burden_ml() for s in shots])):
            found = Convergence((values[0], values[1], values[2]), 2.0)
            bound = 20.0 if quick else 5.0
            where = f"{case}, {spacings[2]:g} to {spacings[0]:g} mm"
            rows.append(Row("Grid convergence", where, "native", f"{what} on the finest grid, mL", values[0], 0.0, 1e6))
            if not quick:
                rows.append(Row("Grid convergence", where, "native", f"observed order of the {what}", found.order, 0.5, 6.0))
            rows.append(Row("Grid convergence", where, "native", f"index of the {what}, %", found.index_percent, 0.0, bound))
    return rows


def forecast(spacing_mm: float, treated: bool) -> Snapshot:
    """Day 60 of a tumour beside a ventricle, white matter giving way to grey."""
    n = round(SIDE_MM / spacing_mm)
    grid = Grid((n, n, n), (spacing_mm,) * 3)
    z, y, x = places(grid)
    ventricle = (x - 12.0) ** 2 + y**2 < 6.0**2
    white = 0.5 - 0.5 * np.tanh(y / 6.0)
    domain = ~ventricle
    medium = Medium.of_fractions(grid, {"white": white * domain, "grey": (1.0 - white) * domain})
    start = 0.9 * np.exp(-(x**2 + y**2 + z**2) / 6.0**2) * domain
    plan = Plan((radiotherapy(20.0, 40.0, 20), chemotherapy("temozolomide", 75.0, range(20, 48))))
    model = FisherKPP(diffusivity_mm2_per_day=0.3, proliferation_per_day=0.05)
    effects = (Radiotherapy(radiosensitivity_per_gy=0.03), Chemotherapy())
    problem = Problem(model, medium, start, (60.0,), plan=plan if treated else Plan(), effects=effects if treated else ())
    return last(solve(problem, "native", "fast"))


def volume_ml(shot: Snapshot, parts: int = 4) -> float:
    """Volume above the threshold of the linearly interpolated field: voxel counts jump, this does not."""
    from scipy.ndimage import map_coordinates

    cells = np.pad(shot.cells.astype(float), 1)
    axes = [np.arange(parts * (n - 1)) / parts + 0.5 / parts for n in cells.shape]
    total = 0
    for z in axes[0]:
        y, x = np.meshgrid(axes[1], axes[2], indexing="ij")
        total += int((map_coordinates(cells, [np.full_like(y, z), y, x], order=1) > THRESHOLD).sum())
    return total * shot.grid.voxel_ml / parts**3
