"""Sheared axes: the nearest grid with right angles, for images that no reader would take."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path
from typing import Any

import numpy as np

from twin.errors import DataRefused
from twin.imaging.header import ORTHONORMAL, skew
from twin.imaging.nifti_header import NiftiHeader


def straight_affine(header: NiftiHeader) -> tuple[np.ndarray, float]:
    """The 3 x 4 affine (RAS+, mm) with orthonormal axes closest to the header's, and by how many mm the corners move."""
    assert header.affine is not None
    return straight(header.affine[:, :3], header.affine[:, 3], np.array([*header.shape, 1, 1][:3]))


def straight(matrix: np.ndarray, offset: np.ndarray, size: np.ndarray) -> tuple[np.ndarray, float]:
    """Matrix and offset (side by side) with orthonormal axes closest to those given; and by how many mm corners move.

    Same voxel sizes, same centre; the rotation is the polar factor of the directions (nearest in the Frobenius norm).
    """
    lengths = np.linalg.norm(matrix, axis=0)
    u, _, v = np.linalg.svd(matrix / lengths)
    turned = (u @ v) * lengths
    middle = (size - 1) / 2
    shift = offset + matrix @ middle - turned @ middle
    corners = np.array(np.meshgrid(*[(0, n - 1) for n in size])).reshape(3, -1)
    moved = np.linalg.norm((matrix - turned) @ corners + (offset - shift)[:, None], axis=0)
    return np.column_stack([turned, shift]), float(moved.max())


def straightened(image: Any) -> float:
    """Turn a SimpleITK image with sheared axes onto right angles; by how many mm its corners moved, 0 if it was straight."""
    matrix = np.reshape(image.GetDirection(), (3, 3)) * image.GetSpacing()
    if skew(matrix) <= ORTHONORMAL:
        return 0.0
    affine, moved = straight(matrix, np.array(image.GetOrigin()), np.array(image.GetSize()))
    lengths = np.linalg.norm(affine[:, :3], axis=0)
    image.SetSpacing(lengths.tolist())
    image.SetDirection((affine[:, :3] / lengths).ravel().tolist())
    image.SetOrigin(affine[:, 3].tolist())
    return moved


def write_straight(path: Path, target: Path, header: NiftiHeader) -> float:
    """Copy a NIfTI-1 file to ``target`` (.nii) with a straight header; returns by how many mm its corners moved."""
    affine, moved = straight_affine(header)
    with path.open("rb") as stream:
        packed = stream.read(2) == b"\x1f\x8b"
    raw = bytearray(gzip.decompress(path.read_bytes()) if packed else path.read_bytes())
    order = "<" if struct.unpack("<i", raw[:4])[0] == 348 else ">"
    if struct.unpack(order + "i", raw[:4])[0] != 348:
        raise DataRefused(
            f"{path.name} has sheared axes and is in NIfTI-2, which is not straightened here.",
            where=path.name,
            remedy="resample it onto a grid with right angles",
        )
    raw[80:92] = struct.pack(order + "3f", *np.linalg.norm(affine[:, :3], axis=0))
    raw[252:256] = struct.pack(order + "2h", 0, 1)
    raw[280:328] = struct.pack(order + "12f", *affine.ravel())
    target.write_bytes(raw)
    return moved
