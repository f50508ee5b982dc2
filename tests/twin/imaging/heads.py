"""A head with skull, scalp, face and neck around the template's brain, as a scanner would show it; coarse."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from twin.fields import block_mean
from twin.grid import Grid
from twin.imaging.image import Image
from twin.imaging.known_motion import Motion, after, rigid_motion, smooth_motion
from twin.imaging.mni152 import load_mni152
from twin.imaging.resample import resample

FACTOR, PAD = 4, 12


@dataclass(frozen=True)
class Head:
    """``nose_mm``: the tip of the nose; ``ears``: the ears; white, grey and brain are the truth on the T1's grid."""

    t1: Image
    white: np.ndarray
    grey: np.ndarray
    brain: np.ndarray
    nose_mm: np.ndarray
    ears: np.ndarray


@functools.cache
def straight() -> Head:
    template = load_mni152()
    inner = template.grid.coarsen(FACTOR)
    shape = tuple(n + 2 * PAD for n in inner.shape)
    origin = tuple(float(v) for v in inner.index_to_mm(np.array([-PAD] * 3)))
    grid = Grid(shape, inner.spacing_mm, origin, inner.direction)  # type: ignore[arg-type]
    t1, white, grey = (
        np.pad(block_mean(f.astype(np.float32), FACTOR), PAD) for f in (template.t1, template.white, template.grey)
    )
    brain = t1 > 20
    x, y, z = np.moveaxis(grid.index_to_mm(np.moveaxis(np.indices(grid.shape), 0, -1)), -1, 0)
    away = ndimage.distance_transform_edt(~brain, sampling=grid.spacing_mm)
    layers = np.select([away == 0, away < 5, away < 9, away < 15], [t1, 40.0, 15.0, 230.0], 0.0)
    face = (np.abs(x) < 50) & (y < 0) & (y > -95) & (z < -15) & (z > -110)
    nose = (np.abs(x) < 12) & (y <= -95) & (y > -122) & (z < -45) & (z > -65)
    neck = (np.hypot(x, y - 20) < 50) & (z < -40)
    ears = (np.abs(x) > 70) & (np.abs(x) < 98) & (y > 5) & (y < 50) & (z > -65) & (z < -5) & (layers == 0)
    flesh = 120 + 30 * np.sin(x / 7) * np.cos(y / 9)
    values = np.where((face | nose | neck | ears) & (layers == 0) & (away > 8), flesh, layers)
    values += 3 * np.random.default_rng(0).standard_normal(grid.shape)
    return Head(Image(values.astype(np.float32), grid, "t1"), white, grey, brain, np.array([0.0, -120.0, -55.0]), ears)


def lying_anyhow(seed: int = 0) -> Head:
    """The same head bent a little, turned by up to 8 degrees and moved by up to 20 mm."""
    head, rng = straight(), np.random.default_rng(seed)
    grid = head.t1.grid
    motion: Motion = after(smooth_motion(head.t1, 4.0, 25.0, rng), rigid_motion(grid, 8.0, 20.0, rng))

    def moved(values: np.ndarray, labels: bool = False) -> np.ndarray:
        return resample(Image(values, grid), grid, labels=labels, transform=motion.inverse)

    brain = moved(head.brain.astype(np.uint8), labels=True) > 0
    ears = moved(head.ears.astype(np.uint8), labels=True) > 0
    t1 = Image(moved(head.t1.values), grid, "t1.nii.gz")
    return Head(t1, moved(head.white), moved(head.grey), brain, motion.points(head.nose_mm[None])[0], ears)
