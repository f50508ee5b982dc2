"""The MNI152 templates that travel with the package: real human anatomy without a download."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from importlib.resources import files

import numpy as np

from twin.grid import Box, Grid

SHAPE = (189, 233, 197)
_HEADER_BYTES = 352
_GRID = Grid(SHAPE, (1.0, 1.0, 1.0), (98.0, 134.0, -72.0), (-1.0, 0.0, 0.0, 0.0, -1.0, 0.0, 0.0, 0.0, 1.0))


@dataclass(frozen=True)
class Template:
    """T1 intensity (0-255, brain only), probabilities (0-1) of white and grey matter; (z, y, x), 1 mm, LPS frame."""

    grid: Grid
    t1: np.ndarray
    white: np.ndarray
    grey: np.ndarray


def load_mni152(box: Box = (slice(None), slice(None), slice(None))) -> Template:
    """The template inside a box of its voxels. Fonov et al. 2011, NeuroImage 54:313; the NOTICE travels with the files."""
    t1, grey, white = (_read(name)[box] for name in ("t1", "gm", "wm"))
    return Template(_GRID.crop(box), t1, white.astype(np.float32) / 255, grey.astype(np.float32) / 255)


def _read(name: str) -> np.ndarray:
    """uint8 (z, y, x). The three files are known (NIfTI-1, uint8, identity scaling), so that no image library is needed."""
    packed = files("twin").joinpath(f"data/mni152/mni152_{name}.nii.gz").read_bytes()
    return np.frombuffer(gzip.decompress(packed), np.uint8, offset=_HEADER_BYTES).reshape(SHAPE)
