"""What an NRRD and a MetaImage header state alike, and what both must keep before a reader sees the file."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from twin.errors import DataRefused
from twin.imaging.header import (
    BLOCK,
    FURTHEST,
    check_lengths,
    check_position,
    check_right_angles,
    check_size,
    check_spacing,
    several_volumes,
    skew,
    unreadable,
)

LONGEST = 1 << 20
"""A header longer than this is taken for a damaged one, bytes."""

MOST_NUMBERS = 64


@dataclass(frozen=True)
class TextHeader:
    """What matters of a header. ``shape`` is (x, y, z) as stored, ``matrix`` one column of mm per axis and ``origin_mm`` the
    first voxel, both in the file's own space (None if not stated).

    The voxels lie in ``data`` from byte ``skip`` on (-1: they end the file), packed by zlib or gzip where ``packed``.
    """

    shape: tuple[int, ...]
    voxel_bytes: int
    spacing_mm: tuple[float, ...]
    matrix: np.ndarray | None = field(repr=False)
    origin_mm: tuple[float, ...]
    data: Path
    skip: int
    packed: bool
    remark: str = ""

    def check(self, where: str, spacing_field: str, sheared: bool) -> None:
        """Refuse sizes, positions and lengths of file that no image can have."""
        check_size(self.shape, where)
        if (count := int(np.prod(self.shape[3:], dtype=int))) > 1:
            raise several_volumes(count, where)
        check_spacing(self.spacing_mm, where, spacing_field)
        if self.matrix is not None:
            check_position(self.matrix, np.array(self.origin_mm), where)
            if not sheared:
                check_right_angles(skew(self.matrix), where)
            check_lengths(self.matrix, self.spacing_mm, where, spacing_field)
        elif not np.isfinite(self.origin_mm).all():
            check_position(np.eye(3), np.array(self.origin_mm), where)
        self._check_length(where)

    def _check_length(self, where: str) -> None:
        needed = int(np.prod(self.shape, dtype=np.int64)) * self.voxel_bytes
        if not -1 <= self.skip <= FURTHEST or (self.packed and self.skip < 0):
            raise unreadable(where, f"its header places the voxels at byte {self.skip:,}")
        held = self._unpacked(needed, where) if self.packed else self.data.stat().st_size - max(self.skip, 0)
        if held < needed:
            raise unreadable(where, f"its header promises {needed:,} bytes of voxels, the file holds {max(held, 0):,}")

    def _unpacked(self, needed: int, where: str) -> int:
        """How many bytes the packed voxels come to, counted up to ``needed``."""
        found, packer = 0, zlib.decompressobj(zlib.MAX_WBITS | 32)
        try:
            with self.data.open("rb") as stream:
                stream.seek(self.skip)
                while found < needed and not packer.eof and (packed := packer.unconsumed_tail or stream.read(BLOCK)):
                    found += len(packer.decompress(packed, BLOCK))
        except (OSError, zlib.error) as error:
            raise unreadable(where, f"its voxels are damaged ({error})") from None
        return found


def header_lines(path: Path, where: str, ends: re.Pattern[bytes]) -> tuple[list[str], int]:
    """The lines of a header and the byte after it. ``ends`` matches its last line; without one the header is the file."""
    with path.open("rb") as stream:
        raw = stream.read(LONGEST + 1)
    found = ends.search(raw)
    if found is None and len(raw) > LONGEST:
        raise unreadable(where, "its header has no end")
    end = found.end() if found else len(raw)
    try:
        return raw[:end].decode("ascii").splitlines(), end
    except UnicodeDecodeError:
        raise unreadable(where, "its header holds bytes that are no text") from None


def once(fields: dict[str, str], name: str, value: str, where: str) -> None:
    """Note a field; refuse a second one of its name, for readers differ in which of the two they believe."""
    if name in fields:
        raise unreadable(where, f"its header states '{name}' twice")
    fields[name] = value


def stated(fields: dict[str, str], name: str, where: str) -> str:
    if not fields.get(name):
        raise unreadable(where, f"its header does not state '{name}'")
    return fields[name]


def integers(words: str, name: str, where: str) -> tuple[int, ...]:
    return tuple(int(v) for v in _words(words, name, where, r"[+-]?\d{1,18}", "whole numbers"))


def numbers(words: str, name: str, where: str) -> tuple[float, ...]:
    pattern = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?|[+-]?(?:nan|NaN|inf|Inf)"
    return tuple(float(v) for v in _words(words, name, where, pattern, "numbers"))


def _words(words: str, name: str, where: str, pattern: str, kind: str) -> list[str]:
    found = words.split()
    if len(found) > MOST_NUMBERS or not all(re.fullmatch(pattern, word) for word in found):
        raise unreadable(where, f"'{name}' in its header is not made of {kind}")
    return found


def of_length(values: Sequence, count: int, name: str, where: str) -> None:
    if len(values) != count:
        raise unreadable(where, f"'{name}' in its header holds {len(values)} values where {count} belong")


def beside(path: Path, name: str, where: str) -> Path:
    """The file of voxels that a header names: one file, in the folder of the header or below it."""
    if "%" in name or name == "LIST" or name.startswith("LIST "):
        raise DataRefused(
            f"{where} spreads its voxels over several files.",
            where=where,
            why="one image is read from one file",
            remedy="load it in a viewer and save it as one file (.nrrd, .mha or .nii.gz)",
        )
    folder = path.parent.resolve()
    try:
        target = (folder / name).resolve()
        there = target.is_file()
    except (OSError, ValueError):  # a name too long, with a zero byte, a link onto itself
        raise unreadable(where, "it names no file that can be") from None
    if not target.is_relative_to(folder):
        raise DataRefused(
            f"{where} takes its voxels from outside its own folder.",
            where=where,
            why="a header that came from elsewhere must not choose which files of this computer are read",
            remedy="put the file of voxels beside the header and name it there without a path",
        )
    if not there:
        raise DataRefused(
            f"The file of voxels that {where} names is not there.",
            where=where,
            why="the header alone holds no image",
            remedy="copy both files together, or save the image as one file (.nrrd, .mha or .nii.gz)",
        )
    return target
