"""The NIfTI header, read by our own few lines before any library sees the file.

Readers hang, crash or quietly invent positions on some malformed headers; here each is refused in words. The format:
https://nifti.nimh.nih.gov/nifti-1 and nifti-2.
"""

from __future__ import annotations

import gzip
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from twin.imaging.header import (
    BLOCK,
    FURTHEST,
    check_lengths,
    check_position,
    check_right_angles,
    check_size,
    check_spacing,
    no_plain_number,
    several_volumes,
    skew,
    unreadable,
)

BYTES = {2: 1, 4: 2, 8: 4, 16: 4, 64: 8, 256: 1, 512: 2, 768: 4, 1024: 8, 1280: 8}
"""Bytes per voxel of the scalar data types that are read here, by NIfTI code."""

FLOATS = {16: "f4", 64: "f8"}
"""The data types that can hold NaN."""


@dataclass(frozen=True)
class NiftiHeader:
    """What matters of a header. ``shape`` is (x, y, z, ...) as stored; ``affine`` 3 x 4 (RAS+, mm) or None if not stated.

    ``other_affine`` is the second position that the header states (its qform), where it states two.
    """

    shape: tuple[int, ...]
    spacing_mm: tuple[float, ...]
    datatype: int
    offset: int
    affine: np.ndarray | None
    skew: float
    order: str = "<"
    other_affine: np.ndarray | None = None

    @property
    def remark(self) -> str:
        """What a careful reader would want to know about the position, or nothing."""
        if self.affine is None:
            return "states no orientation; its axes are taken as left, back and head"
        if self.other_affine is None:
            return ""
        size = np.array([*self.shape, 1, 1][:3], float) - 1
        corners = np.array(np.meshgrid(*[(0, n) for n in size])).reshape(3, -1)
        gap = (self.affine - self.other_affine) @ np.vstack([corners, np.ones(corners.shape[1])])
        apart = float(np.linalg.norm(gap, axis=0).max())
        return f"states two positions (sform and qform) that lie {apart:.3g} mm apart" if apart > 0.1 else ""


def is_nifti(path: Path) -> bool:
    """Whether the file's name says NIfTI."""
    return path.name.lower().endswith((".nii", ".nii.gz"))


def check_nifti(path: Path, where: str = "", *, sheared: bool = False) -> NiftiHeader:
    """The header of a NIfTI file, or a refusal in words. ``sheared``: axes need not be at right angles."""
    where = where or path.name
    raw = _head(path, where)
    header = _parse(raw, where)
    _check_extent(header, where)
    _check_affine(header, where)
    if not sheared:
        check_right_angles(header.skew, where)
    if header.offset < 0:
        raise unreadable(where, "its header does not say where the voxels begin")
    return header


def _head(path: Path, where: str) -> bytes:
    try:
        with _opened(path) as stream:
            raw = stream.read(540)
    except (OSError, EOFError, zlib.error) as error:
        raise unreadable(where, f"it is damaged or not a NIfTI file ({error})") from None
    if len(raw) < 348:
        raise unreadable(where, f"it holds {len(raw)} bytes, fewer than a NIfTI header")
    return raw


def _parse(raw: bytes, where: str) -> NiftiHeader:
    for order in "<>":
        size = struct.unpack(order + "i", raw[:4])[0]
        if size == 348:
            return _read_as(raw, order, FIELDS_1)
        if size == 540 and len(raw) == 540:
            return _read_as(raw, order, FIELDS_2)
    raise unreadable(where, "it does not begin with a NIfTI header")


FIELDS_1 = (("8h", 40), ("8f", 76), ("h", 70), ("f", 108), ("2h", 252), ("6f", 256), ("12f", 280))
FIELDS_2 = (("8q", 16), ("8d", 104), ("h", 12), ("q", 168), ("2i", 344), ("6d", 352), ("12d", 400))
"""Type and place of dim, pixdim, datatype, vox_offset, qform and sform codes, the quaternion's six numbers, srow, in the
headers of NIfTI-1 and NIfTI-2."""


def _read_as(raw: bytes, order: str, fields: tuple[tuple[str, int], ...]) -> NiftiHeader:
    found = (struct.unpack_from(order + kind, raw, place) for kind, place in fields)
    dim, pixdim, (datatype,), (offset,), (qform, sform), quaternion, rows = found
    return _assemble(dim, pixdim, datatype, offset, qform, sform, quaternion, rows, order)


def _assemble(dim, pixdim, datatype, offset, qform, sform, quaternion, rows, order) -> NiftiHeader:
    count = dim[0] if 1 <= dim[0] <= 7 else 0
    by_rows = np.reshape(rows, (3, 4)).astype(float) if sform > 0 else None
    by_quaternion = _from_quaternion(quaternion, pixdim) if qform > 0 else None
    affine = by_quaternion if by_rows is None else by_rows
    return NiftiHeader(
        shape=tuple(int(n) for n in dim[1 : count + 1]),
        spacing_mm=tuple(float(v) for v in pixdim[1:4]),
        datatype=int(datatype),
        offset=int(offset) if np.isfinite(offset) else -1,
        affine=affine,
        skew=skew(None if affine is None else affine[:, :3]),
        order=order,
        other_affine=None if by_rows is None else by_quaternion,
    )


def _from_quaternion(quaternion, pixdim) -> np.ndarray:
    """The 3 x 4 matrix of a qform (NaN where its quaternion is no rotation)."""
    b, c, d, *offset = (float(v) for v in quaternion)
    rest = 1.0 - (b * b + c * c + d * d)
    a = np.sqrt(max(rest, 0.0)) if rest > -1e-5 else np.nan
    rotation = np.array(
        [
            [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
            [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - c * c - b * b],
        ]
    )
    step = np.array(pixdim[1:4], float) * [1, 1, -1 if pixdim[0] < 0 else 1]
    with np.errstate(invalid="ignore", over="ignore"):
        return np.column_stack([rotation * step, offset])


def _check_extent(header: NiftiHeader, where: str) -> None:
    check_size(header.shape, where)
    if (count := int(np.prod(header.shape[3:], dtype=int))) > 1:
        raise several_volumes(count, where)
    if header.datatype not in BYTES:
        raise no_plain_number(f"NIfTI type {header.datatype}", where)
    check_spacing(header.spacing_mm[: min(3, len(header.shape))], where, "pixdim")


def _check_affine(header: NiftiHeader, where: str) -> None:
    if header.affine is None:
        return
    if header.other_affine is not None and not np.isfinite(header.other_affine).all():
        check_position(header.other_affine[:, :3], header.other_affine[:, 3], f"{where} (its second position, the qform)")
    matrix = header.affine[:, :3]
    check_position(matrix, header.affine[:, 3], where)
    check_lengths(matrix, header.spacing_mm[: len(header.shape)], where, "pixdim")


def check_voxels(path: Path, header: NiftiHeader, where: str) -> int:
    """Read the voxels once as they are stored: refuse a file that ends too soon, count those that are NaN or infinite.

    Needed because the reader fills a truncated file with zeros and turns NaN into zero without a word: an ADC of zero would
    be a voxel full of cells.
    """
    needed = int(np.prod(header.shape, dtype=np.int64)) * BYTES[header.datatype]
    if not 0 <= header.offset <= FURTHEST:
        raise unreadable(where, f"its header places the voxels at byte {header.offset:,}")
    kind = np.dtype(header.order + FLOATS[header.datatype]) if header.datatype in FLOATS else None
    bad = found = 0
    try:
        with _opened(path) as stream:
            stream.read(header.offset)
            while block := stream.read(min(BLOCK, needed - found)):
                found += len(block)
                if kind is not None:
                    values = np.frombuffer(block[: len(block) // kind.itemsize * kind.itemsize], kind)
                    bad += values.size - int(np.count_nonzero(np.isfinite(values)))
    except (OSError, EOFError, zlib.error) as error:
        raise unreadable(where, f"it is damaged or was cut off ({error})") from None
    if found < needed:
        raise unreadable(where, f"its header promises {needed:,} bytes of voxels, the file holds {found:,}")
    return bad


def _opened(path: Path):
    with path.open("rb") as stream:
        packed = stream.read(2) == b"\x1f\x8b"
    return gzip.open(path) if packed else path.open("rb")
