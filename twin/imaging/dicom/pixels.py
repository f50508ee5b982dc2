"""Stored pixels of a file, with every length checked before a buffer is believed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from twin.imaging.dicom.element import integer, raw, text
from twin.imaging.dicom.file import BIG_ENDIAN, IMPLICIT, NATIVE, Source, quiet

MOST_PIXELS = 1 << 29

SYNTAXES = {
    "1.2.840.10008.1.2.4.50": "JPEG baseline",
    "1.2.840.10008.1.2.4.51": "JPEG extended",
    "1.2.840.10008.1.2.4.57": "JPEG lossless",
    "1.2.840.10008.1.2.4.70": "JPEG lossless",
    "1.2.840.10008.1.2.4.80": "JPEG-LS lossless",
    "1.2.840.10008.1.2.4.81": "JPEG-LS",
    "1.2.840.10008.1.2.4.90": "JPEG 2000 lossless",
    "1.2.840.10008.1.2.4.91": "JPEG 2000",
    "1.2.840.10008.1.2.4.201": "HTJ2K lossless",
    "1.2.840.10008.1.2.4.203": "HTJ2K",
    "1.2.840.10008.1.2.5": "RLE",
}


def stored(dataset: Any, source: Source) -> np.ndarray:
    """(frames, rows, columns) as stored: integers (overlay bits removed, sign extended) or floats. No rescaling."""
    shape = shape_of(dataset, source)
    for keyword, kind in (("FloatPixelData", "f4"), ("DoubleFloatPixelData", "f8")):
        if keyword in dataset:
            return _buffer(dataset, keyword, shape, kind, source)
    if "PixelData" not in dataset:
        raise source.refuse("The image has no pixel data.", why="only its header was exported")
    if integer(dataset, "BitsAllocated") == 1:
        return _bits(dataset, shape, source)
    values = _native(dataset, shape, source) if _is_native(dataset) else _compressed(dataset, shape, source)
    return _significant(values, dataset, source)


def shape_of(dataset: Any, source: Source) -> tuple[int, int, int]:
    """(frames, rows, columns), checked."""
    size = (integer(dataset, "NumberOfFrames") or 1, integer(dataset, "Rows") or 0, integer(dataset, "Columns") or 0)
    if min(size) < 1 or size[0] * size[1] * size[2] > MOST_PIXELS:
        raise source.refuse(f"The image claims {size[0]} frames of {size[1]} x {size[2]} pixels.")
    if (integer(dataset, "SamplesPerPixel") or 1) != 1:
        raise source.refuse("The image is in colour.", "colour images carry no measurement: leave them out")
    return size


def _is_native(dataset: Any) -> bool:
    return _syntax(dataset) in NATIVE


def _syntax(dataset: Any) -> str:
    return text(getattr(dataset, "file_meta", {}), "TransferSyntaxUID") or IMPLICIT


def _order(dataset: Any) -> str:
    return ">" if _syntax(dataset) == BIG_ENDIAN else "<"


def _buffer(dataset: Any, keyword: str, shape: tuple[int, int, int], kind: str, source: Source) -> np.ndarray:
    body = raw(dataset, keyword)
    needed = int(np.prod(shape)) * np.dtype(kind).itemsize
    if not isinstance(body, bytes) or len(body) < needed:
        got = len(body) if isinstance(body, bytes) else 0
        raise source.refuse(f"The pixel data are cut short: {got} of {needed} bytes.")
    return np.frombuffer(body, dtype=_order(dataset) + kind, count=int(np.prod(shape))).reshape(shape)


def _native(dataset: Any, shape: tuple[int, int, int], source: Source) -> np.ndarray:
    allocated = integer(dataset, "BitsAllocated")
    if allocated not in (8, 16, 32):
        raise source.refuse(f"Pixels of {allocated} bits are not supported.")
    return _buffer(dataset, "PixelData", shape, f"u{allocated // 8}", source)


def _bits(dataset: Any, shape: tuple[int, int, int], source: Source) -> np.ndarray:
    """Binary segmentations: eight pixels a byte, lowest bit first, frames following without padding (PS3.5, D.1)."""
    if not _is_native(dataset):
        raise source.refuse("Compressed one-bit pixels are not supported.", "export the segmentation uncompressed")
    body, count = raw(dataset, "PixelData"), int(np.prod(shape))
    if not isinstance(body, bytes) or len(body) * 8 < count:
        raise source.refuse("The pixel data are cut short.")
    return np.unpackbits(np.frombuffer(body, np.uint8), count=count, bitorder="little").reshape(shape)


def _significant(values: np.ndarray, dataset: Any, source: Source) -> np.ndarray:
    """Only the stored bits, with their sign: old files keep overlays in the bits above."""
    if values.dtype.kind == "f":
        return values
    allocated = values.dtype.itemsize * 8
    bits = integer(dataset, "BitsStored") or allocated
    high = integer(dataset, "HighBit")
    low = 0 if high is None else high + 1 - bits
    signed = integer(dataset, "PixelRepresentation") == 1
    if not 1 <= bits <= allocated or not 0 <= low <= allocated - bits:
        raise source.refuse(f"The image claims {bits} bits stored in {allocated}.")
    if bits == allocated and not low:
        return values.view(values.dtype.str.replace("u", "i")) if signed and values.dtype.kind == "u" else values
    wide = (values.astype(np.int64) >> low) & ((1 << bits) - 1)
    if signed:
        wide -= (wide >> (bits - 1)) << bits
    return wide.astype(np.int32)


def _compressed(dataset: Any, shape: tuple[int, int, int], source: Source) -> np.ndarray:
    """JPEG, JPEG-LS, JPEG 2000 and RLE by pydicom's decoders, in a process of its own; else by ITK's."""
    from twin.imaging.sandbox import Failed, guarded

    if _syntax(dataset) not in SYNTAXES:
        raise source.refuse("The pixels are in an encoding that is not known here.", "export the series uncompressed")
    try:
        values, _ = guarded(decode_file, str(Path(source.path).absolute()), seconds=30.0)
    except Failed as failure:
        raise source.refuse(
            f"The compressed pixels ({SYNTAXES[_syntax(dataset)]}) cannot be decoded: {failure}.",
            "export the series uncompressed (Explicit VR Little Endian)",
        ) from None
    if values is None or values.size != int(np.prod(shape)):
        raise source.refuse("The compressed pixels do not have the size that the header claims.")
    return values.reshape(shape)


def decode_file(path: str) -> tuple[np.ndarray, None]:
    """Decode one compressed file; called in a process of its own, since decoders are C code and the file untrusted."""
    import pydicom

    with quiet():
        dataset = pydicom.dcmread(path)
        try:
            from pydicom.pixels import pixel_array

            return pixel_array(dataset, raw=True), None
        except (RuntimeError, AttributeError, NotImplementedError, ImportError):
            import SimpleITK as sitk

            intercept, slope = float(dataset.get("RescaleIntercept", 0) or 0), float(dataset.get("RescaleSlope", 1) or 1)
            rescaled = sitk.GetArrayFromImage(sitk.ReadImage(path)).astype(np.float64)
            return np.rint((rescaled - intercept) / slope).astype(np.int32), None
