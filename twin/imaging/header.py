"""What every image header must keep, whatever its format, and the words of the refusals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from twin.errors import DataRefused

BLOCK = 1 << 24

FURTHEST = 2**28
"""Voxels that begin later than this are taken for a damaged header."""

LARGEST = 2**31
"""More voxels than this in one image is taken for a damaged header."""

ORTHONORMAL = 1e-4
"""Largest departure of direction cosines from a right angle that readers accept."""


def unreadable(where: str, reason: str) -> DataRefused:
    return DataRefused(
        f"{where} cannot be read as an image: {reason}.",
        where=where,
        why="nothing can be computed from a damaged image",
        remedy="open it in a viewer; export it again or copy it again if it was cut off on the way",
    )


def skew(matrix: np.ndarray | None) -> float:
    """How far the axes (columns) are from right angles: the largest cosine between two of them."""
    if matrix is None or not np.isfinite(matrix).all():
        return 0.0
    lengths = np.linalg.norm(matrix, axis=0)
    if not (lengths > 0).all():
        return 0.0
    unit = matrix / lengths
    return float(np.abs(unit.T @ unit - np.eye(len(lengths))).max())


def check_size(shape: Sequence[int], where: str) -> None:
    """Refuse an image of no, negative or absurd size."""
    if len(shape) < 2 or min(shape) < 1 or np.prod(shape, dtype=float) > LARGEST:
        raise unreadable(where, f"its header states the size {tuple(shape) or 'nothing'}")


def check_spacing(spacing_mm: Sequence[float], where: str, field: str) -> None:
    if not np.isfinite(spacing_mm).all() or min(spacing_mm) <= 0:
        raise DataRefused(
            f"{where} states a voxel size of {by(spacing_mm)} mm.",
            where=where,
            why="distances and volumes cannot be computed",
            remedy=f"correct the header ({field}) or export the image again",
        )


def check_position(matrix: np.ndarray, offset: np.ndarray, where: str) -> None:
    """Refuse a position that is singular or not finite; ``matrix`` has one column per axis, mm."""
    finite = np.isfinite(matrix).all() and np.isfinite(offset).all()
    if finite and abs(np.linalg.det(matrix)) >= 1e-9:
        return
    raise DataRefused(
        f"The position matrix (affine) of {where} {'is singular' if finite else 'holds values that are not numbers'}.",
        where=where,
        why="it is not known where in the patient the voxels lie",
        remedy="export the image again, or copy the header of another image of the same series",
    )


def check_right_angles(skewed: float, where: str) -> None:
    if skewed > ORTHONORMAL:
        angle = np.degrees(np.arcsin(min(1.0, skewed)))
        raise DataRefused(
            f"The axes of {where} are {angle:.2g} degrees away from right angles (directions not orthonormal).",
            where=where,
            why="a sheared grid has no well-defined voxel size; most readers refuse it",
            remedy="write `straighten_directions: true` in the case file to use the nearest rotation "
            "(positions move a little, the report says by how much), or resample the image",
        )


def check_lengths(matrix: np.ndarray, spacing_mm: Sequence[float], where: str, field: str) -> None:
    """Refuse a position matrix whose columns have other lengths than the voxels."""
    lengths = np.linalg.norm(matrix, axis=0)[: len(spacing_mm)]
    if not np.allclose(lengths, spacing_mm, rtol=0.01):
        raise DataRefused(
            f"{where} states two voxel sizes: {by(lengths)} mm in its position matrix, {by(spacing_mm)} mm in {field}.",
            where=where,
            why="volumes would differ by the cube of the ratio, depending on the reader",
            remedy="correct the header so that both agree (most tools do when they write the image again)",
        )


def several_volumes(count: int, where: str) -> DataRefused:
    return DataRefused(
        f"{where} holds {count} volumes; one is expected.",
        where=where,
        why="the twin would not know which one is meant",
        remedy="extract the volume (for diffusion: the ADC map, not the series) into a file of its own",
    )


def no_plain_number(kind: str, where: str) -> DataRefused:
    return DataRefused(
        f"{where} stores its voxels in a type that is not a plain number ({kind}).",
        where=where,
        why="colours and complex numbers have no unit",
        remedy="export it as integers or as 32-bit floats",
    )


def by(lengths: Sequence[float] | np.ndarray) -> str:
    return " x ".join(f"{v:g}" for v in lengths)
