"""Sheared NIfTI headers: the nearest grid with right angles, for images that no reader would take."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np

from twin.errors import DataRefused
from twin.imaging.nifti_header import NiftiHeader


def straight_affine(header: NiftiHeader) -> tuple[np.ndarray, float]:
    """The 3 x 4 affine (RAS+, mm) with orthonormal axes closest to the header's, and by how many mm the corners move.

    Same voxel sizes, same centre; the rotation is the polar factor of the directions (nearest in the Frobenius norm).
    """
    assert header.affine is not None
    matrix, offset = header.affine[:, :3], header.affine[:, 3]
    lengths = np.linalg.norm(matrix, axis=0)
    u, _, v = np.linalg.svd(matrix / lengths)
    straight = (u @ v) * lengths
    size = np.array([*header.shape, 1, 1][:3], float)
    middle = (size - 1) / 2
    shift = offset + matrix @ middle - straight @ middle
    corners = np.array(np.meshgrid(*[(0, n - 1) for n in size])).reshape(3, -1)
    moved = np.linalg.norm((matrix - straight) @ corners + (offset - shift)[:, None], axis=0)
    return np.column_stack([straight, shift]), float(moved.max())


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
