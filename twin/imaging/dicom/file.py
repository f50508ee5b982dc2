"""Opening one untrusted DICOM file: our own checks of the bytes first, pydicom after, and only :class:`DataRefused` out."""

from __future__ import annotations

import stat
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twin.errors import DataRefused

LARGEST_FILE = 4 << 30
LARGEST_INFLATED = 512 << 20
META_LIMIT = 64 << 10

IMPLICIT = "1.2.840.10008.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"
DEFLATED = "1.2.840.10008.1.2.1.99"
BIG_ENDIAN = "1.2.840.10008.1.2.2"
NATIVE = (IMPLICIT, EXPLICIT, DEFLATED, BIG_ENDIAN)
_LONG_VRS = (b"OB", b"OW", b"OF", b"OD", b"OL", b"OV", b"SQ", b"UC", b"UN", b"UR", b"UT", b"SV", b"UV")


@dataclass(frozen=True)
class Source:
    """A file and the words by which messages may name it. Not ``named`` (research mode): no word of the data is quoted."""

    path: Path
    label: str
    named: bool = True

    def quote(self, words: str) -> str:
        """Words from the data as a message may show them."""
        return f"'{words}'" if self.named else "(name withheld)"

    def refuse(self, what: str, remedy: str = "export the series again from the PACS", why: str = "") -> DataRefused:
        return DataRefused(what, where=self.label, why=why, remedy=remedy)


def is_dicom(path: Path) -> bool:
    """Whether the bytes begin like DICOM: a preamble and "DICM", or group 8 at once, as old archives write."""
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return False
        with path.open("rb") as stream:
            start = stream.read(132)
    except OSError:
        return False
    return start[128:132] == b"DICM" or _bare(start)


def _bare(start: bytes) -> bool:
    return len(start) >= 12 and start[:2] == b"\x08\x00" and start[3:4] == b"\x00" and start[2] <= 0x18


def read(source: Source, pixels: bool = False) -> Any:
    """The file's dataset (``pydicom.FileDataset``), without its pixel data unless asked for."""
    _check_bytes(source)
    import pydicom

    with quiet():
        try:
            dataset = pydicom.dcmread(source.path, stop_before_pixels=not pixels, force=True)
            len(dataset)
        except Exception as error:  # hostile bytes take pydicom anywhere: any failure of the reader is a refusal
            kind = type(error).__name__
            raise source.refuse(f"The file is not readable DICOM ({kind}).") from None
    return dataset


@contextmanager
def quiet() -> Iterator[None]:
    """pydicom's remarks on irregular values are silenced: we judge what we use ourselves, and remarks quote identity."""
    import logging

    from pydicom import config

    logger = logging.getLogger("pydicom")
    level, mode = logger.level, config.settings.reading_validation_mode
    logger.setLevel(logging.CRITICAL + 1)
    config.settings.reading_validation_mode = config.IGNORE
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
        config.settings.reading_validation_mode = mode


def _check_bytes(source: Source) -> None:
    try:
        facts = source.path.lstat()
    except OSError:
        raise source.refuse("The file cannot be opened.", "check that it exists and may be read") from None
    if not stat.S_ISREG(facts.st_mode):
        raise source.refuse("This is not a regular file.", "give plain files: links and devices are not followed")
    if facts.st_size > LARGEST_FILE:
        raise source.refuse(f"The file is larger than {LARGEST_FILE >> 30} GiB.", "give single series, not a disk image")
    if not is_dicom(source.path):
        raise source.refuse("The file does not begin like a DICOM file.", "leave out files that are not DICOM")
    with source.path.open("rb") as stream:
        start = stream.read(META_LIMIT)
        syntax, end = transfer_syntax(start)
        if syntax == DEFLATED:
            stream.seek(end)
            _check_inflated(source, stream.read())


def transfer_syntax(start: bytes) -> tuple[str, int]:
    """The transfer syntax that the file-meta group names ("" if none), and where that group ends."""
    position, found = 132, ""
    while start[:132].endswith(b"DICM") and position + 8 <= len(start):
        group, element = struct.unpack_from("<HH", start, position)
        if group != 2:
            break
        long = start[position + 4 : position + 6] in _LONG_VRS
        if long and position + 12 > len(start):
            break
        size = struct.unpack_from("<I" if long else "<H", start, position + (8 if long else 6))[0]
        begin = position + (12 if long else 8)
        if element == 0x0010:
            found = start[begin : begin + size].decode("ascii", "replace").strip("\x00 ")
        position = begin + size
    return found, position


def _check_inflated(source: Source, body: bytes) -> None:
    """A deflated dataset may unpack to anything: count before pydicom unpacks it."""
    engine = zlib.decompressobj(-zlib.MAX_WBITS)
    total = 0
    try:
        while body:
            total += len(engine.decompress(body, 1 << 20))
            body = engine.unconsumed_tail
            if total > LARGEST_INFLATED:
                raise source.refuse(f"The file unpacks to more than {LARGEST_INFLATED >> 20} MiB.")
    except zlib.error:
        raise source.refuse("The compressed dataset of the file is damaged.") from None
