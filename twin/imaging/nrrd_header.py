"""The NRRD header, read by our own few lines before any library sees the file (https://teem.sourceforge.net/nrrd/format.html)."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from twin.errors import DataRefused
from twin.imaging.header import check_size, no_plain_number, several_volumes, unreadable
from twin.imaging.text_header import TextHeader, beside, header_lines, integers, numbers, of_length, once, stated

TYPES = {
    1: "signed char, int8, int8_t, uchar, unsigned char, uint8, uint8_t",
    2: "short, short int, signed short, signed short int, int16, int16_t, "
    "ushort, unsigned short, unsigned short int, uint16, uint16_t",
    4: "int, signed int, int32, int32_t, uint, unsigned int, uint32, uint32_t, float",
    8: "longlong, long long, long long int, signed long long, signed long long int, int64, int64_t, "
    "ulonglong, unsigned long long, unsigned long long int, uint64, uint64_t, double",
}
BYTES = {name: size for size, names in TYPES.items() for name in names.split(", ")}
"""Bytes per voxel of the scalar types, by each of their names."""

SPACES = {"left-posterior-superior", "lps", "right-anterior-superior", "ras", "left-anterior-superior", "las"}
"""Spaces tied to the patient that the reader turns into LPS."""

SPATIAL = {"domain", "space", "???", "none"}
VECTOR = re.compile(r"\(([^()]*)\)")
ENDS = re.compile(rb"\r?\n\r?\n")


def is_nrrd(path: Path) -> bool:
    return path.name.lower().endswith((".nrrd", ".nhdr"))


def check_nrrd(path: Path, where: str = "", *, sheared: bool = False) -> TextHeader:
    """The header of an NRRD file, or a refusal in words. ``sheared``: axes need not be at right angles."""
    where = where or path.name
    lines, end = header_lines(path, where, ENDS)
    header = _assemble(_fields(lines, where), path, end, where)
    header.check(where, "spacings or space directions", sheared)
    return header


def _fields(lines: list[str], where: str) -> dict[str, str]:
    if not lines or not re.fullmatch(r"NRRD000[1-5]", lines[0]):
        raise unreadable(where, "it does not begin with an NRRD header")
    fields: dict[str, str] = {}
    for line in lines[1:]:
        if not line or line.startswith("#") or ":=" in line:
            continue
        name, colon, value = line.partition(": ")
        if not colon:
            raise unreadable(where, f"its header holds a line that is no field ('{line[:40]}')")
        once(fields, name.strip().lower().replace("datafile", "data file"), value.strip(), where)
        if fields.get("data file", "").startswith("LIST"):
            break
    return fields


def _assemble(fields: dict[str, str], path: Path, end: int, where: str) -> TextHeader:
    _check_units(fields, where)
    size, packed = _voxel_bytes(fields, where), _packed(fields, where)
    shape = _sizes(fields, where)
    matrix, spacing = _axes(fields, len(shape), where)
    if size > 1 and fields.get("endian", "").lower() not in ("little", "big"):
        raise unreadable(where, "its header does not state 'endian', the order of the bytes")
    name = fields.get("data file", "")
    data, first = (beside(path, name, where), 0) if name else (path, end)
    return TextHeader(shape, size, spacing, matrix, _origin(fields, where), data, first, packed, _remark(fields))


def _voxel_bytes(fields: dict[str, str], where: str) -> int:
    kind = stated(fields, "type", where).lower()
    if kind not in BYTES:
        raise no_plain_number(f"NRRD type '{kind[:40]}'", where)
    return BYTES[kind]


def _packed(fields: dict[str, str], where: str) -> bool:
    """Whether the voxels are packed; refused where they are text, or do not begin where the header ends."""
    for name in ("line skip", "lineskip", "byte skip", "byteskip"):
        if fields.get(name, "0") != "0":
            raise unreadable(where, f"its header skips what comes before the voxels ('{name}'), which is not read here")
    encoding = stated(fields, "encoding", where).lower()
    if encoding not in ("raw", "gzip", "gz"):
        raise unreadable(where, f"its voxels are stored as '{encoding[:40]}'; read are raw and gzip")
    return encoding != "raw"


def _sizes(fields: dict[str, str], where: str) -> tuple[int, ...]:
    """Voxels along the axes of space; refused where other axes hold more than one value."""
    dimension = integers(stated(fields, "dimension", where), "dimension", where)
    sizes = integers(stated(fields, "sizes", where), "sizes", where)
    of_length(dimension, 1, "dimension", where)
    of_length(sizes, dimension[0], "sizes", where)
    kinds = fields["kinds"].lower().split() if "kinds" in fields else ["domain"] * len(sizes)
    of_length(kinds, len(sizes), "kinds", where)
    check_size(sizes, where)
    others = [n for n, kind in zip(sizes, kinds, strict=True) if kind not in SPATIAL]
    if (count := int(np.prod(others, dtype=int))) > 1:
        raise several_volumes(count, where)
    return sizes


def _axes(fields: dict[str, str], count: int, where: str) -> tuple[np.ndarray | None, tuple[float, ...]]:
    """One column of mm per axis of space, and the length of each."""
    if "space directions" not in fields:
        spacing = numbers(fields.get("spacings", ""), "spacings", where) or (1.0,) * count
        of_length(spacing, count, "spacings", where)
        return None, spacing[:3]
    if re.sub(VECTOR.pattern + "|none", "", fields["space directions"]).strip():
        raise unreadable(where, "'space directions' in its header is not made of vectors")
    rows = [_vector(words, "space directions", where) for words in VECTOR.findall(fields["space directions"])]
    if not 2 <= len(rows) <= 3 or {len(row) for row in rows} != {len(rows)}:
        raise unreadable(where, "'space directions' in its header does not hold one vector per axis of space")
    matrix = np.array(rows).T
    with np.errstate(over="ignore", invalid="ignore"):
        return matrix, tuple(float(v) for v in np.linalg.norm(matrix, axis=0))


def _vector(words: str, name: str, where: str) -> tuple[float, ...]:
    return numbers(words.replace(",", " "), name, where)


def _origin(fields: dict[str, str], where: str) -> tuple[float, ...]:
    words = fields.get("space origin", "")
    if words and not VECTOR.fullmatch(words):
        raise unreadable(where, "'space origin' in its header is not a vector")
    return _vector(words.strip("()"), "space origin", where)


def _check_units(fields: dict[str, str], where: str) -> None:
    units = set(re.findall(r'"([^"]*)"', fields.get("space units", "") + fields.get("units", ""))) - {"", "mm"}
    if units:
        raise DataRefused(
            f"{where} states its positions in {' and '.join(sorted(repr(u[:20]) for u in units))}, not in mm.",
            where=where,
            why="the reader takes every number for millimetres; volumes would be wrong by the cube of the ratio",
            remedy="save it in mm",
        )


def _remark(fields: dict[str, str]) -> str:
    space = fields.get("space", "").lower()
    if space in SPACES and "space directions" in fields:
        return ""
    said = f" (its space is '{space[:40]}')" if space else ""
    return f"states no orientation in the patient{said}; its axes are taken as left, back and head"
