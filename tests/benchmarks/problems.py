"""The problems that are timed, all in the MNI152 anatomy that travels with the package."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np

from solvers.effects.chemotherapy import Chemotherapy
from solvers.effects.radiotherapy import Radiotherapy
from solvers.models.fisher_kpp import FisherKPP
from solvers.problem import Problem
from twin.fields import bounding_box
from twin.grid import Grid
from twin.imaging.mni152 import load_mni152
from twin.medium import Medium
from twin.treatment import Plan, chemotherapy, radiotherapy


@cache
def brain() -> Medium:
    """White and grey matter of the whole brain at 1 mm."""
    whole = load_mni152()
    template = load_mni152(bounding_box(whole.white + whole.grey >= 0.5, 4))
    return Medium.of_fractions(template.grid, {"white": template.white, "grey": template.grey})


def seed(medium: Medium, near: tuple[float, float, float], radius_mm: float = 4.0) -> np.ndarray:
    """A Gaussian blob, cut at two widths, on the densest white matter near a place (shares of the grid's extent)."""
    grid = medium.grid
    places = np.meshgrid(*[np.arange(n) * h for n, h in zip(grid.shape, grid.spacing_mm, strict=True)], indexing="ij")
    wanted = [share * n * h for share, n, h in zip(near, grid.shape, grid.spacing_mm, strict=True)]
    white = next(iter(medium.fractions.values()))
    away = sum((p - w) ** 2 for p, w in zip(places, wanted, strict=True)) + 1e6 * (white < 0.9)
    centre = [p.flat[int(np.argmin(away))] for p in places]
    squared = sum((p - c) ** 2 for p, c in zip(places, centre, strict=True)) / radius_mm**2
    blob = 0.6 * np.exp(-2 * squared) * (squared < 1) * medium.domain
    return np.ascontiguousarray(blob, np.float32)


def peer() -> Problem:
    """TumorGrowthToolkit's problem: 112 x 120 x 104 voxels at 1 mm, D 1 and 0.1 mm2/day, rho 0.1 /day, 100 days."""
    medium = _middle(brain(), (112, 120, 104))
    model = FisherKPP(diffusivity_mm2_per_day=1.0, proliferation_per_day=0.1, slow_tissue_ratio=0.1)
    return Problem(model, medium, seed(medium, (0.5, 0.5, 0.7)), (100.0,))


def nearest_peer() -> Problem:
    """TumorTwin's problem: 77 x 116 x 36 voxels at 1.5 x 1.5 x 3 mm, 270 days, 30 fractions of 2 Gy, 74 drug doses."""
    from scipy.ndimage import zoom

    fine = brain()
    mask = zoom(fine.domain.astype(np.float32), (1 / 3, 1 / 1.5, 1 / 1.5), order=1) > 0.5
    sides = [slice((n - m) // 2, (n - m) // 2 + m) for n, m in zip(mask.shape, (36, 116, 77), strict=True)]
    medium = Medium.of_one_tissue(Grid((36, 116, 77), (3.0, 1.5, 1.5)), np.ascontiguousarray(mask[tuple(sides)]))
    plan = Plan((radiotherapy(20, 60.0, 30), chemotherapy("temozolomide", 75.0, 20.0 + np.arange(42)), *_cycles(90, 6, 32)))
    effects = (Radiotherapy(radiosensitivity_per_gy=0.03), Chemotherapy(chemosensitivity_per_day=0.3))
    model = FisherKPP(diffusivity_mm2_per_day=0.1, proliferation_per_day=0.05)
    return Problem(model, medium, seed(medium, (0.5, 0.5, 0.7), 15.0), (270.0,), plan=plan, effects=effects)


def daily(days: tuple[float, ...] = (180.0,), treated: bool = True) -> Problem:
    """The embedded brain at 1 mm under the Stupp protocol from a tumour of 38 mL on."""
    from calibration.virtual.embedded import TRUTH, stupp

    model, radio, chemo = _truth(TRUTH)
    effects = (radio, chemo) if treated else ()
    return Problem(model, brain(), diagnosed(), days, plan=stupp() if treated else Plan(), effects=effects)


@cache
def diagnosed() -> np.ndarray:
    """The embedded patient's tumour on day 0: grown from a seed to about 38 mL."""
    from calibration.virtual.embedded import TRUTH
    from solvers.simulate import solve

    model, _, _ = _truth(TRUTH)
    start = seed(brain(), (0.53, 0.75, 0.66), 3.0)
    for shot in solve(Problem(model, brain(), start, tuple(range(100, 900, 10)))):
        if shot.volume_ml(0.16) >= 38.0:
            break
    return shot.full_cells()


def padded(problem: Problem, times: tuple[int, int, int]) -> Problem:
    """The same tumour in an image ``times`` as large along (z, y, x): more wall at the far ends."""
    medium = problem.medium
    width = [(0, (t - 1) * n) for t, n in zip(times, medium.grid.shape, strict=True)]
    z, y, x = (t * n for t, n in zip(times, medium.grid.shape, strict=True))
    larger = Medium(
        Grid((z, y, x), medium.grid.spacing_mm),
        np.pad(medium.domain, width),
        {name: np.pad(f, width) for name, f in medium.fractions.items()},
    )
    initial = np.pad(problem.initial, [(0, 0), *width])
    return Problem(problem.model, larger, initial, problem.days, plan=problem.plan, effects=problem.effects)


def sweeps(radius: int, stored: type) -> tuple[Callable[[], None], int, int, int]:
    """(one sweep of the stencil over a ball, voxels updated, bytes an update, bytes held a voxel)."""
    from solvers.native.coefficients import faces
    from solvers.native.region import Region
    from solvers.native.stencil import sweep
    from solvers.native.window import Window

    n = 2 * radius + 1
    grid = Grid((n, n, n), (1.0, 1.0, 1.0))
    window = Window(grid, (slice(0, n), slice(0, n), slice(0, n)), (0, 1, 2))
    inside = sum((i - radius) ** 2 for i in np.indices(grid.shape)) <= radius**2
    d = window.load(inside.astype(np.float32), np.float32)
    u, w = window.load(inside * np.random.default_rng(0).random(grid.shape), np.float32), window.zeros(np.float32)
    f = faces(window, d, 1.0, stored)
    begin, end = Region.of_domain(window, inside).spans()
    begin, end = begin // 8 * 8, -(-end // 8) * 8
    step = [np.float32(1e-2 * unit) for unit in f.unit]

    def run() -> None:
        for _ in range(10):
            sweep(w, w, u, f.a, f.b, f.c, np.float32(0.5), *step, window.plane, window.pitch, begin, end)

    coefficient = np.dtype(stored).itemsize
    return run, 10 * int((end - begin).sum()), 3 * 4 + 3 * coefficient, 2 * 4 + 3 * coefficient


def small(size: int = 32, days: float = 30.0) -> Problem:
    """A cube of the brain that FiPy can solve in seconds."""
    medium = _middle(brain(), (size, size, size), (0.5, 0.5, 0.7))
    model = FisherKPP(diffusivity_mm2_per_day=0.3, proliferation_per_day=0.08)
    return Problem(model, medium, seed(medium, (0.5, 0.5, 0.5)), (days,))


def _truth(truth: dict[str, float]):
    names = ("diffusivity_mm2_per_day", "proliferation_per_day", "slow_tissue_ratio")
    return (
        FisherKPP(**{name: truth[name] for name in names}),
        Radiotherapy(radiosensitivity_per_gy=truth["radiosensitivity_per_gy"]),
        Chemotherapy(chemosensitivity_per_day=truth["chemosensitivity_per_day"]),
    )


def _cycles(start: float, count: int, doses: int):
    """Adjuvant cycles of 28 days, about equally many doses in each."""
    share = [doses // count + (k < doses % count) for k in range(count)]
    return [chemotherapy("temozolomide", 150.0, start + 28 * k + np.arange(n)) for k, n in enumerate(share)]


def _middle(medium: Medium, shape: tuple[int, int, int], at: tuple[float, float, float] = (0.5, 0.5, 0.5)) -> Medium:
    starts = [round((n - m) * a) for n, m, a in zip(medium.grid.shape, shape, at, strict=True)]
    z, y, x = (slice(a, a + m) for a, m in zip(starts, shape, strict=True))
    return medium.crop((z, y, x))
