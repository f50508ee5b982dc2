"""The MetaImage header, read by our own few lines before any library sees the file (https://itk.org/Wiki/ITK/MetaIO).

Some damaged headers end the process of the reader; a name in it would make it read any file of the computer.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from twin.imaging.header import check_size, no_plain_number, several_volumes, unreadable
from twin.imaging.text_header import TextHeader, beside, header_lines, integers, numbers, of_length, once, stated

BYTES = {
    **dict.fromkeys(("MET_CHAR", "MET_UCHAR"), 1),
    **dict.fromkeys(("MET_SHORT", "MET_USHORT"), 2),
    **dict.fromkeys(("MET_INT", "MET_UINT", "MET_FLOAT"), 4),
    **dict.fromkeys(("MET_LONG_LONG", "MET_ULONG_LONG", "MET_DOUBLE"), 8),
}
"""Bytes per voxel of the scalar types; MET_LONG is left out, for its length depends on the computer."""

SAME = {"Orientation": "TransformMatrix", "Rotation": "TransformMatrix", "Position": "Offset", "Origin": "Offset"}
"""Older names of fields."""

ENDS = re.compile(rb"ElementDataFile[ \t]*=[^\n]*\n")
FIELD = re.compile(r"([A-Za-z][A-Za-z0-9_]*)[ \t]*=[ \t]*(.*)")


def is_meta(path: Path) -> bool:
    return path.name.lower().endswith((".mha", ".mhd"))


def check_meta(path: Path, where: str = "", *, sheared: bool = False) -> TextHeader:
    """The header of a MetaImage file, or a refusal in words. ``sheared``: axes need not be at right angles."""
    where = where or path.name
    lines, end = header_lines(path, where, ENDS)
    header = _assemble(_fields(lines, where), path, end, where)
    header.check(where, "ElementSpacing", sheared)
    return header


def _fields(lines: list[str], where: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    for line in lines:
        found = FIELD.fullmatch(line.rstrip())
        if found is None:
            raise unreadable(where, f"its header holds a line that is no field ('{line[:40]}')")
        once(fields, SAME.get(found[1], found[1]), found[2], where)
    if fields.get("ObjectType", "Image") != "Image" or "NDims" not in fields:
        raise unreadable(where, "it does not begin with the MetaImage header of an image")
    return fields


def _assemble(fields: dict[str, str], path: Path, end: int, where: str) -> TextHeader:
    kind = stated(fields, "ElementType", where)
    if kind not in BYTES:
        raise no_plain_number(f"MetaImage type '{kind[:40]}'", where)
    if fields.get("BinaryData", "True") != "True" or fields.get("HeaderSize", "0") != "0":
        raise unreadable(where, "its voxels are text, or lie behind another header (HeaderSize), which is not read here")
    shape = _sizes(fields, where)
    count = len(shape)
    spacing = numbers(fields.get("ElementSpacing", fields.get("ElementSize", "")), "ElementSpacing", where) or (1.0,) * count
    of_length(spacing, count, "ElementSpacing", where)
    matrix, origin = _position(fields, count, spacing, where)
    name = stated(fields, "ElementDataFile", where)
    data, first = (path, end) if name == "LOCAL" else (beside(path, name, where), 0)
    packed = fields.get("CompressedData", "False") == "True"
    return TextHeader(shape, BYTES[kind], spacing[:3], matrix, origin, data, first, packed, _remark(matrix))


def _sizes(fields: dict[str, str], where: str) -> tuple[int, ...]:
    dimension = integers(stated(fields, "NDims", where), "NDims", where)
    sizes = integers(stated(fields, "DimSize", where), "DimSize", where)
    of_length(dimension, 1, "NDims", where)
    of_length(sizes, dimension[0], "DimSize", where)
    check_size(sizes, where)
    channels = integers(fields.get("ElementNumberOfChannels", "1"), "ElementNumberOfChannels", where)
    if channels != (1,):
        raise several_volumes(sum(channels), where)
    return sizes


def _position(
    fields: dict[str, str], count: int, spacing: tuple[float, ...], where: str
) -> tuple[np.ndarray | None, tuple[float, ...]]:
    """One column of mm per axis (MetaImage lists the axes one after another), and the first voxel."""
    origin = numbers(fields.get("Offset", ""), "Offset", where) or (0.0,) * count
    of_length(origin, count, "Offset", where)
    if "TransformMatrix" not in fields:
        return None, origin
    rows = numbers(fields["TransformMatrix"], "TransformMatrix", where)
    of_length(rows, count * count, "TransformMatrix", where)
    with np.errstate(over="ignore", invalid="ignore"):
        return np.reshape(rows, (count, count)).T * np.array(spacing), origin


def _remark(matrix: np.ndarray | None) -> str:
    return "" if matrix is not None else "states no orientation; its axes are taken as left, back and head"
