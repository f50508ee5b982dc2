"""A ball of two tissues with a tumour of known truth: small enough for a test, real enough to be calibrated."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from calibration.virtual.patient import Hidden, VirtualPatient, examine
from calibration.virtual.scanner import Scanner
from twin.grid import Grid
from twin.medium import Medium
from twin.patient import Patient, Visit
from twin.treatment import Plan, chemotherapy, radiotherapy

TRUTH = {
    "diffusivity_mm2_per_day": 0.25,
    "proliferation_per_day": 0.06,
    "slow_tissue_ratio": 0.15,
    "radiosensitivity_per_gy": 0.03,
    "chemosensitivity_per_day": 0.25,
}
UNTREATED = (Visit(0.0, "baseline"), Visit(20.0, "second"), Visit(40.0, "third", held_out=True))
TREATED = (Visit(0.0, "baseline"), Visit(14.0, "planning"), Visit(35.0, "mid-course"), Visit(60.0, "after", held_out=True))


def medium(size: int = 24, spacing: float = 2.0) -> Medium:
    """A ball of white matter with a layer of grey matter below its middle."""
    grid = Grid((size,) * 3, (spacing,) * 3)
    z, y, x = np.indices(grid.shape) - (size - 1) / 2
    ball = np.sqrt(z**2 + y**2 + x**2) <= size / 2 - 0.5
    grey = ball & (z < -size / 6)
    return Medium(grid, ball, {"white": (ball & ~grey).astype(np.float32), "grey": grey.astype(np.float32)})


@lru_cache
def phantom(treated: bool = False, seed: int = 0, perfect: bool = False) -> VirtualPatient:
    """A virtual patient of 24^3 voxels of 2 mm: untreated with three visits, or treated with four; the last is held out."""
    tissue = medium()
    plan = Plan((radiotherapy(15, 40.0, 20), chemotherapy("temozolomide", 75.0, range(15, 40)))) if treated else Plan()
    patient = Patient("phantom", "brain", tissue, TREATED if treated else UNTREATED, plan)
    middle = tuple(n * h / 2 for n, h in zip(tissue.grid.shape, tissue.grid.spacing_mm, strict=True))
    hidden = Hidden(TRUTH, middle, 6.0)  # type: ignore[arg-type]
    scanner = Scanner(0.005, 0.0, 0.0) if perfect else Scanner()
    return examine(hidden, patient, np.random.default_rng(seed), scanner)
