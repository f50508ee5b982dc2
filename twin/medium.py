"""The medium that a tumour grows in: which voxels belong to it and of what tissue they are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from twin.errors import DataRefused
from twin.fields import block_mean
from twin.grid import Box, Grid


@dataclass(frozen=True)
class Medium:
    """Tissue geometry on a grid. Outside ``domain`` is wall: no tissue, no flux (CSF, skull, air, a resection cavity).

    ``fractions`` maps a tissue's name to its volume fraction, float32 (z, y, x) in [0, 1]. The first tissue is the one in
    which cells move fastest (white matter, fibroglandular tissue); the model declares how much slower the others are.
    Inside the domain the fractions sum to one.

    ``tensor``, where given, makes diffusion anisotropic: div(D T grad u) with the symmetric positive definite T of shape
    (6, z, y, x), components (zz, zy, zx, yy, yx, xx) along the array axes, dimensionless, trace 3 where it is isotropic.
    """

    grid: Grid
    domain: np.ndarray
    fractions: Mapping[str, np.ndarray]
    tensor: np.ndarray | None = None

    def __post_init__(self) -> None:
        for name, values in {"domain": self.domain, **self.fractions}.items():
            if values.shape != self.grid.shape:
                raise DataRefused(
                    f"The tissue map '{name}' has shape {values.shape}, the grid {self.grid.shape}.",
                    remedy="resample every map onto the grid of the baseline visit",
                )
        if self.tensor is not None and self.tensor.shape != (6, *self.grid.shape):
            raise DataRefused(
                f"The diffusion tensor has shape {self.tensor.shape}, expected (6, z, y, x) = {(6, *self.grid.shape)}.",
                remedy="resample the tensor onto the grid of the baseline visit, components zz, zy, zx, yy, yx, xx",
            )
        if not self.fractions:
            raise DataRefused("A medium needs at least one tissue.", remedy="name a brain mask or tissue maps in the case")
        if not self.domain.any():
            raise DataRefused(
                "The tissue geometry is empty.",
                why="a tumour cannot grow anywhere",
                remedy="check the mask's file and labels",
            )

    @classmethod
    def of_one_tissue(cls, grid: Grid, domain: np.ndarray, tissue: str = "tissue") -> Medium:
        """A medium with a single tissue wherever ``domain`` is true."""
        domain = np.asarray(domain, bool)
        return cls(grid, domain, {tissue: domain.astype(np.float32)})

    @classmethod
    def of_fractions(cls, grid: Grid, fractions: Mapping[str, np.ndarray], threshold: float = 0.5) -> Medium:
        """A medium from tissue probabilities: tissue where they sum to ``threshold`` or more, normalised to one there."""
        total = np.sum([np.asarray(f, np.float32) for f in fractions.values()], axis=0)
        domain = total >= threshold
        scale = np.divide(1.0, total, out=np.zeros_like(total), where=domain)
        return cls(grid, domain, {name: np.asarray(f, np.float32) * scale for name, f in fractions.items()})

    @property
    def tissues(self) -> tuple[str, ...]:
        return tuple(self.fractions)

    def crop(self, box: Box) -> Medium:
        """The part inside a box; its outer faces become walls."""
        cut = {name: np.ascontiguousarray(f[box]) for name, f in self.fractions.items()}
        tensor = None if self.tensor is None else np.ascontiguousarray(self.tensor[(slice(None), *box)])
        return Medium(self.grid.crop(box), np.ascontiguousarray(self.domain[box]), cut, tensor)

    def coarsen(self, factor: int) -> Medium:
        """Blocks of ``factor`` voxels; a block is tissue where at least half of it was."""
        if factor == 1:
            return self
        means = {name: block_mean(f, factor) for name, f in self.fractions.items()}
        coarse = Medium.of_fractions(self.grid.coarsen(factor), means)
        if self.tensor is None:
            return coarse
        return replace(coarse, tensor=np.stack([block_mean(component, factor) for component in self.tensor]))
