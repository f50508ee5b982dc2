"""Removing the face from an image of a head: what lies in front of and below the brain, farther than a margin from it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from twin.grid import Grid, triple
from twin.imaging.image import Image
from twin.imaging.resample import resample
from twin.imaging.tissue import HeadTissue, tissue_of_head

MARGIN_MM = 8.0
"""The brain and this much around it stays as it is."""

FRONT_MM, TOP_MM = 0.0, 50.0
"""In the template's frame: what lies in front of the middle of the brain and below its crown can show a face."""


@dataclass(frozen=True)
class Defacing:
    """Where the brain of a head lies; made from its T1 by :func:`find_face`, it serves every image in the same frame."""

    head: HeadTissue

    def face(self, grid: Grid) -> np.ndarray:
        """What is removed on ``grid`` (bool, z y x)."""
        from scipy import ndimage

        brain = self.head.brain(grid)
        away = ndimage.distance_transform_edt(~brain, sampling=grid.spacing_mm) if brain.any() else np.inf
        template = self.head.template.grid
        places = template.index_to_mm(np.moveaxis(np.indices(template.shape), 0, -1))
        front = ((places[..., 1] < FRONT_MM) & (places[..., 2] < TOP_MM)).astype(np.uint8)
        wide = _extended(Image(front, template))
        return (resample(wide, grid, labels=True, transform=self.head.registered.transform) > 0) & (away > MARGIN_MM)

    def remove(self, image: Image) -> Image:
        """``image`` with the face set to its darkest value."""
        face = self.face(image.grid)
        values = np.where(face, image.values.min(), image.values).astype(image.values.dtype)
        return replace(image, values=values)


def find_face(t1: Image) -> Defacing:
    """Find the brain in a T1 of a head with its skin, by the registered MNI152 template.

    Refused where the template does not fit (then nothing is removed, and nothing is called anonymous). Forehead, eyes, nose,
    mouth and cheeks go; ears and the back of the head stay. It makes recognition by a drawn surface hard; it is no proof
    against it. The idea: Bischoff-Grethe et al. 2007, Hum Brain Mapp 28:892.
    """
    return Defacing(tissue_of_head(t1))


def _extended(image: Image) -> Image:
    """The image continued beyond its faces by 80 mm: a nose lies outside the template."""
    width = 80
    grid = image.grid
    origin = grid.index_to_mm(np.full(3, -width))
    shape = triple(n + 2 * width for n in grid.shape)
    wide = replace(grid, shape=shape, origin_mm=triple(float(v) for v in origin))
    return Image(np.pad(image.values, width, mode="edge"), wide)
