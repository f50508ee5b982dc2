"""Registration with its quality: rigid, affine or deformable (B-spline), both ways, measured before it may be used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from twin.errors import DataRefused
from twin.imaging.halfway import halfway_field, halfway_matrix, matrix_of, sampling_grid, transform_of
from twin.imaging.image import Image
from twin.imaging.pair import Pair
from twin.imaging.register import find_affine, find_rigid, find_spline, middle_mm
from twin.imaging.registration_quality import Quality, failure, quality_of

Kind = Literal["rigid", "affine", "deformable"]
KINDS: tuple[Kind, ...] = get_args(Kind)

CONTROL_MM = 30.0
"""Distance of the B-spline's control points."""

FIELD_MM = 3.0
"""Distance at which a deformation is sampled; it is smooth over ten times as much."""


@dataclass(frozen=True)
class Registered:
    """``transform`` takes points of the fixed image to points of the moving one (mm, LPS), ``inverse`` takes them back.

    ``moved_mm`` is how far the middle of the fixed image's contents moves and ``turned_deg`` by how much it turns;
    ``kept``: no position better than the one given was found, and nothing moves.
    """

    kind: Kind
    transform: Any
    inverse: Any
    quality: Quality
    moved_mm: float
    turned_deg: float
    kept: bool = False

    def trusted(self, what: str = "", where: str = "") -> Registered:
        """Itself, if its quality allows; else a refusal with the measure that failed. ``what`` names the scan."""
        reason = failure(self.quality)
        if reason:
            of = f" of {what} onto the baseline" if what else ""
            raise DataRefused(
                f"The {self.kind} registration{of} failed: {reason}.",
                where=where,
                why="tumour and dose would be compared at the wrong place",
                remedy="check that both scans show the same patient and organ; register them outside, then "
                "`registration: none`",
            )
        return self


def register(
    fixed: Image,
    moving: Image,
    kind: Kind = "rigid",
    *,
    ignore: np.ndarray | None = None,
    ignore_moving: np.ndarray | None = None,
    control_mm: float = CONTROL_MM,
    landmarks: tuple[np.ndarray, np.ndarray] | None = None,
    starts: tuple[Any, ...] = (),
    seed: int = 2026,
) -> Registered:
    """Bring ``moving`` onto ``fixed`` and measure how well it went.

    Two registrations are made, one each way, and the transform halfway between them is taken: exchanged images give the
    inverse, and how far the two disagree is a measure of trust. Affine and deformable start from the rigid result. Parts
    to ``ignore`` (bool, each on its image's grid) are left out of the comparison. ``landmarks``: (n, 3) points (mm) of the
    fixed image and the same places in the moving one, for the error. ``starts``: rigid motions (fixed points to moving
    points) to try beside the positions as given and matched centres. One thread and a fixed seed: the same inputs give the
    same numbers. It never ends worse than the positions as given.
    """
    pair = Pair(fixed, moving, ignore, ignore_moving, seed)
    there = _search(pair, kind, starts)
    back = _search(pair.swapped(), kind, tuple(start.GetInverse() for start in starts))
    matrix = halfway_matrix(matrix_of(there), matrix_of(back))
    if pair.metric(transform_of(matrix)) >= pair.metric(transform_of(np.eye(4))):
        matrix, there, back = np.eye(4), transform_of(np.eye(4)), transform_of(np.eye(4))
    transform, inverse = transform_of(matrix), transform_of(np.linalg.inv(matrix))
    if kind == "deformable":
        transform, inverse, there, back = _deformed(pair, matrix, control_mm)
    quality = quality_of(pair, transform, (there, back), (transform, inverse), landmarks)
    kept = kind != "deformable" and np.array_equal(matrix, np.eye(4))
    return Registered(kind, transform, inverse, quality, _moved(transform, fixed), _turned(matrix), kept)


def _search(pair: Pair, kind: Kind, starts: tuple[Any, ...]) -> Any:
    rigid = find_rigid(pair, starts)
    return rigid if kind == "rigid" else find_affine(pair, rigid)


def _deformed(pair: Pair, matrix: np.ndarray, control_mm: float) -> tuple[Any, Any, Any, Any]:
    """The deformation on top of an affine motion: halfway, its inverse, and the two that it was made from."""
    import SimpleITK as sitk

    forward, backward = transform_of(matrix), transform_of(np.linalg.inv(matrix))
    there = find_spline(pair, forward, control_mm)
    back = find_spline(pair.swapped(), backward, control_mm)
    grids = (sampling_grid(image, FIELD_MM) for image in (pair.fixed, pair.moving))
    transform, inverse = halfway_field(there, back, matrix, *grids)
    return transform, inverse, sitk.CompositeTransform([forward, there]), sitk.CompositeTransform([backward, back])


def _moved(transform: Any, fixed: Image) -> float:
    middle = middle_mm(fixed)
    return float(np.linalg.norm(np.array(transform.TransformPoint(middle.tolist())) - middle))


def _turned(matrix: np.ndarray) -> float:
    """The angle of the rotation nearest to a matrix, degrees."""
    u, _, v = np.linalg.svd(matrix[:3, :3])
    return float(np.degrees(np.arccos(np.clip((np.trace(u @ v) - 1) / 2, -1, 1))))
