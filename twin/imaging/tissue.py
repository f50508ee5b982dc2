"""White matter, grey matter and CSF of a head, from the MNI152 template registered to its T1, with measures of trust."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from twin.errors import DataRefused
from twin.grid import Grid
from twin.imaging.image import Image
from twin.imaging.mni152 import Template, load_mni152
from twin.imaging.registration import Kind, Registered, register
from twin.imaging.resample import resample

STEP_MM = 2
"""The template is compared on voxels of this size."""

RIM_MM = 6
"""Where the head has its skull, the template is compared within its brain and this far around it."""

SCALP_MM = 12.0
"""From the top of the head to the top of the brain, about."""

LEAST_EXPLAINED = 0.25


@dataclass(frozen=True)
class HeadTissue:
    """``registered``: points of the T1 (mm, LPS) to points of the template. ``explained``: share of the T1's variance within
    the brain that the three tissues explain (0 none, 1 all); ``ordered``: white is brighter than grey, grey than CSF."""

    template: Template
    registered: Registered
    explained: float
    ordered: bool

    def maps(self, grid: Grid) -> dict[str, np.ndarray]:
        """Probabilities (0 to 1, float32) of "white", "grey" and "csf" on ``grid``, in the T1's frame."""
        return _maps(self.template, grid, self.registered.transform)

    def brain(self, grid: Grid) -> np.ndarray:
        """Where the template's brain with its CSF lies on ``grid``."""
        return np.sum(list(self.maps(grid).values()), axis=0) > 0.5

    def __str__(self) -> str:
        return f"{self.registered.quality}; the tissues explain {100 * self.explained:.0f} % of the T1's variance"


def tissue_of_head(
    t1: Image, brain: np.ndarray | None = None, ignore: np.ndarray | None = None, kind: Kind = "affine"
) -> HeadTissue:
    """Register the template to a T1-weighted head (with contrast or without) and measure how well its tissues fit.

    ``brain`` (bool, on the T1's grid) is everything inside the skull, where it is known: the two brains are then compared
    as wholes; without it the template looks for itself in the head. ``ignore`` (bool) is left out: the tumour. Refused
    where the registration fails its measures, or the tissues do not fit the intensities. Template: Fonov et al. 2011,
    NeuroImage 54:313.
    """
    template = load_mni152()
    moving = _coarse(template)
    fixed = t1 if brain is None else Image(np.where(brain, t1.values, 0).astype(np.float32), t1.grid, t1.source)
    rim = _rim(moving) if brain is None else None
    found = register(fixed, moving, kind, ignore=ignore, ignore_moving=rim, starts=_starts(fixed, moving))
    found = found.trusted("the template", t1.source)
    where = np.ones(t1.values.shape, bool) if ignore is None else ~ignore
    explained, ordered = _fit(t1, _maps(template, t1.grid, found.transform), where)
    return _believed(HeadTissue(template, found, explained, ordered), t1.source)


def _believed(tissue: HeadTissue, where: str) -> HeadTissue:
    if tissue.ordered and tissue.explained >= LEAST_EXPLAINED:
        return tissue
    reason = (
        f"they explain {100 * tissue.explained:.0f} % of its variance (at least {100 * LEAST_EXPLAINED:.0f} % are needed)"
    )
    if not tissue.ordered:
        reason = "white matter is not brighter than grey matter, and grey matter not brighter than CSF"
    raise DataRefused(
        f"The template's tissues do not fit the T1 image: {reason}.",
        where=where,
        why="cells would move fast where there is no white matter",
        remedy="check that this is a T1 of a whole head; give a brain mask under `mask`, or tissue maps under `maps`",
    )


def _coarse(template: Template) -> Image:
    from twin.fields import block_mean

    return Image(block_mean(template.t1.astype(np.float32), STEP_MM), template.grid.coarsen(STEP_MM), "the template")


def _rim(template: Image) -> np.ndarray:
    """What lies farther than RIM_MM from the template's brain."""
    from scipy import ndimage

    return ndimage.distance_transform_edt(template.values < 20, sampling=template.grid.spacing_mm) > RIM_MM


def _starts(head: Image, template: Image) -> tuple[Any, ...]:
    """The translation that puts the top of the template's brain below the top of the head: a neck misleads its centre."""
    import SimpleITK as sitk

    from twin.imaging.registration_quality import contents

    own, its = (i.grid.index_to_mm(np.argwhere(contents(i.values))) for i in (head, template))
    if not len(own):
        return ()
    top, height = np.percentile(own[:, 2], 99.9) - SCALP_MM, np.ptp(its[:, 2])
    upper = own[own[:, 2] > top - height]
    shift = its.mean(axis=0) - upper.mean(axis=0)
    shift[2] = its[:, 2].max() - top
    return (sitk.Euler3DTransform((0.0, 0.0, 0.0), 0.0, 0.0, 0.0, shift.tolist()),)


def _maps(template: Template, grid: Grid, transform: Any) -> dict[str, np.ndarray]:
    fluid = np.where(template.t1 > 0, np.clip(1 - template.white - template.grey, 0, 1), 0).astype(np.float32)
    named = {"white": template.white, "grey": template.grey, "csf": fluid}
    return {name: resample(Image(values, template.grid), grid, transform=transform) for name, values in named.items()}


def _fit(t1: Image, maps: dict[str, np.ndarray], where: np.ndarray) -> tuple[float, bool]:
    """The share of the variance between the tissues, and whether their medians are in order."""
    stacked = np.stack([maps["csf"], maps["grey"], maps["white"]])
    inside = where & (stacked.max(axis=0) > 0.5)
    kind, values = stacked.argmax(axis=0)[inside], t1.values[inside].astype(float)
    groups = [values[kind == k] for k in range(3)]
    if min(len(g) for g in groups) < 30 or values.var() == 0:
        return 0.0, False
    within = sum(len(g) * g.var() for g in groups) / len(values)
    medians = [float(np.median(g)) for g in groups]
    return 1 - within / float(values.var()), medians == sorted(set(medians))
