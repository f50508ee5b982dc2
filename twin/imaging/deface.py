"""Removing the face from an image of a head: what lies in front of and below the brain, and the ears, farther than a margin
from the brain."""

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

EARS_MM = (62.0, 75.0, 20.0)
"""In the template's frame: what lies farther out to a side, less far back, and lower than this can show an ear."""


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
        x, y, z = np.moveaxis(places, -1, 0)
        ears = (np.abs(x) > EARS_MM[0]) & (y < EARS_MM[1]) & (z < EARS_MM[2])
        shown = ((y < FRONT_MM) & (z < TOP_MM)) | ears
        wide = _extended(Image(shown.astype(np.uint8), template))
        return (resample(wide, grid, labels=True, transform=self.head.registered.transform) > 0) & (away > MARGIN_MM)

    def remove(self, image: Image) -> Image:
        """``image`` with the face set to its darkest value."""
        face = self.face(image.grid)
        values = np.where(face, image.values.min(), image.values).astype(image.values.dtype)
        return replace(image, values=values)


def find_face(t1: Image) -> Defacing:
    """Find the brain in a T1 of a head with its skin, by the registered MNI152 template.

    Refused where the template does not fit (then nothing is removed, and nothing is called anonymous). Forehead, eyes, nose,
    mouth, cheeks and ears go; the crown and the back of the head stay. It makes recognition by a drawn surface hard; it is
    no proof against it. Measured on made-up heads only (tests/twin/imaging/test_deface.py): no head of a person with its
    skin was at hand. The idea: Bischoff-Grethe et al. 2007, Hum Brain Mapp 28:892.
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
