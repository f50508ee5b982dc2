"""Series of a study: files grouped, sorted into volumes, set aside with a reason where they are no volume."""

from __future__ import annotations

import datetime
import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from twin.errors import DataRefused
from twin.imaging.dicom.element import date, integer, text, texts
from twin.imaging.dicom.file import Source, read
from twin.imaging.dicom.frame import Frame, frames_of
from twin.imaging.dicom.stack import Layout, layout

CLASSES = {
    "MR": "1.2.840.10008.5.1.4.1.1.4",
    "CT": "1.2.840.10008.5.1.4.1.1.2",
    "PT": "1.2.840.10008.5.1.4.1.1.128",
}
"""Classic image objects by modality."""

IMAGES = tuple(CLASSES)
KNOWN = (*IMAGES, "SEG", "RTSTRUCT", "RTDOSE", "RTPLAN", "RTRECORD", "REG", "SR", "PR", "KO", "OT", "SC", "DOC")
SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
"""The class of pictures made outside the scanner, and the start of the names of its multi-frame classes."""

FEWEST_PLANES = 3
LOCALISERS = ("localizer", "localiser", "scout", "survey", "3-plane", "3plane", "aahead", "topogram")


@dataclass(frozen=True)
class File:
    """One DICOM file: its header (without pixels) and the planes it holds."""

    source: Source
    header: Any = field(repr=False)
    frames: tuple[Frame, ...] = field(repr=False)

    @property
    def modality(self) -> str:
        return text(self.header, "Modality").upper()

    @property
    def series_uid(self) -> str:
        return text(self.header, "SeriesInstanceUID")


@dataclass(frozen=True)
class Series:
    """The files of one series, as the scanner grouped them."""

    files: tuple[File, ...] = field(repr=False)
    named: bool = True

    @property
    def header(self) -> Any:
        return self.files[0].header

    @property
    def modality(self) -> str:
        return self.files[0].modality

    @property
    def uid(self) -> str:
        return self.files[0].series_uid

    @property
    def number(self) -> int:
        return integer(self.header, "SeriesNumber") or 0

    @property
    def description(self) -> str:
        return text(self.header, "SeriesDescription") or text(self.header, "ProtocolName")

    @property
    def frame_of_reference(self) -> str:
        return text(self.header, "FrameOfReferenceUID")

    @property
    def date(self) -> datetime.date | None:
        """The day of the scan: of the acquisition, not of a later processing."""
        return date(self.header, "AcquisitionDate", "AcquisitionDateTime", "StudyDate", "SeriesDate", "ContentDate")

    @property
    def name(self) -> str:
        """How messages call it."""
        words = [self.modality] if self.modality in KNOWN else []
        words += [self.description] if self.named and self.description else []
        return f"series {self.number}" + (f" ({', '.join(words)})" if words else "")


@dataclass(frozen=True)
class Volume:
    """Planes of one series that make one volume."""

    series: Series
    layout: Layout = field(repr=False)
    traits: tuple[tuple[str, str], ...] = ()
    part: int = 0
    duplicates: int = 0

    @property
    def name(self) -> str:
        return self.series.name + (f", part {self.part}" if self.part else "")

    @property
    def frames(self) -> tuple[Frame, ...]:
        return self.layout.frames

    @property
    def overlaid(self) -> bool:
        """Whether drawings or words lie over its planes (groups 6000 to 60FF)."""
        return any(0x6000 <= tag >> 16 <= 0x60FF for file in self.series.files for tag in file.header.keys())  # noqa: SIM118

    @property
    def kind(self) -> tuple[str, ...]:
        """ImageType of its planes."""
        return tuple(dict(self.traits).get("kind", "").split("\\")) if self.traits else ()


@dataclass(frozen=True)
class SetAside:
    """A series, or part of one, that is not used, and why."""

    name: str
    reason: str


def open_files(sources: Iterable[Source]) -> tuple[list[File], list[DataRefused]]:
    """Read every header; a file that cannot be trusted becomes a refusal in the second list."""
    files, refused = [], []
    for source in sources:
        try:
            header = read(source)
            files.append(File(source, header, tuple(_placed(header, source))))
        except DataRefused as refusal:
            refused.append(refusal)
    return files, refused


def _placed(header: Any, source: Source) -> list[Frame]:
    return frames_of(header, source) if text(header, "Modality").upper() in IMAGES else []


def group(files: Iterable[File], named: bool = True) -> list[Series]:
    """Files by series, in order of date and number."""
    found: dict[str, list[File]] = defaultdict(list)
    for file in files:
        found[file.series_uid].append(file)
    series = [Series(tuple(sorted(f, key=_file_order)), named) for f in found.values()]
    return sorted(series, key=lambda s: (s.date or datetime.date.min, s.number, s.uid))


def _file_order(file: File) -> tuple:
    return (integer(file.header, "InstanceNumber") or 0, text(file.header, "SOPInstanceUID"), file.source.label)


def volumes(series: Series) -> tuple[list[Volume], list[SetAside]]:
    """The volumes of an image series. Planes of several orientations, echoes, b-values or times are told apart."""
    if reason := _no_measurement(series):
        return [], [SetAside(series.name, reason)]
    frames, copies = _without_copies([f for file in series.files for f in file.frames])
    if not frames:
        return [], [SetAside(series.name, "its images do not say where in the patient they lie")]
    parts = [part for shaped in _split(frames, lambda f: f.shape_key) for part in _split_places(shaped)]
    if len({f.shape_key for f in frames}) > 2 and max(len(p) for p in parts) < 8:
        return [], [SetAside(series.name, "a localiser: few slices in several directions")]
    found: list[Volume] = []
    aside: list[SetAside] = []
    for number, part in enumerate(parts, start=1):
        volume = _volume(series, part, number if len(parts) > 1 else 0)
        if isinstance(volume, Volume):
            found.append(replace(volume, duplicates=volume.duplicates + (copies if number == 1 else 0)))
        else:
            aside.append(volume)
    return found, aside


def _no_measurement(series: Series) -> str:
    """Why the pixels are not what a scanner measured of the organ; empty if they may be."""
    if any(text(f.header, "BurnedInAnnotation").upper() == "YES" for f in series.files):
        return "words are burned into its pixels: they are no tissue, and may name the patient"
    if any(text(f.header, "SOPClassUID").startswith(SECONDARY_CAPTURE) for f in series.files):
        return "a secondary capture (a screenshot or a processed picture)"
    return "a localiser" if _is_localiser(series) else ""


def _is_localiser(series: Series) -> bool:
    kinds = {k.upper() for k in texts(series.header, "ImageType")}
    words = series.description.lower()
    return "LOCALIZER" in kinds or any(w in words for w in LOCALISERS)


def _without_copies(frames: Sequence[Frame]) -> tuple[list[Frame], int]:
    """Each plane once: an export repeats files under other names."""
    kept = {(f.uid or f.source.label, f.index): f for f in reversed(frames)}
    return list(reversed(kept.values())), len(frames) - len(kept)


def _split(frames: Sequence[Frame], key) -> list[list[Frame]]:
    found: dict[Any, list[Frame]] = defaultdict(list)
    for frame in frames:
        found[key(frame)].append(frame)
    return list(found.values())


def _split_places(frames: list[Frame]) -> list[list[Frame]]:
    """Planes of one shape told apart until each place is taken once: by traits, acquisition, order of number."""
    if not _crowded(frames):
        return [frames]
    for key in (lambda f: f.traits, lambda f: f.acquisition):
        parts = _split(frames, key)
        if len(parts) > 1 and len({len(p) for p in parts}) <= 2:
            return [smaller for part in parts for smaller in _split_places(part)]
    return [frames]


def _crowded(frames: Sequence[Frame]) -> bool:
    offsets = np.sort([frames[0].normal @ f.position for f in frames])
    return bool((np.diff(offsets) < 1e-3).any())


def _volume(series: Series, frames: list[Frame], number: int) -> Volume | SetAside:
    name = series.name + (f", part {number}" if number else "")
    if len(frames) < FEWEST_PLANES:
        return SetAside(name, f"{len(frames)} slice{'s' if len(frames) > 1 else ''}: not a volume")
    repeated = 0
    if _crowded(frames):
        frames, repeated, clash = _same_pixels_once(frames)
        if clash:
            return SetAside(name, f"{clash} places hold two different images and no tag tells which belong together")
    where = layout(frames)
    if where.ragged_mm > 0.5:
        return SetAside(name, f"its slices do not lie on one stack (sideways by {where.ragged_mm:.1f} mm)")
    return Volume(series, where, frames[0].traits, number, repeated)


def _same_pixels_once(frames: list[Frame]) -> tuple[list[Frame], int, int]:
    """Where two planes share a place and their pixels, one is kept. Also: how many were dropped, how many places clash."""
    places: dict[float, list[Frame]] = defaultdict(list)
    for frame in frames:
        places[round(float(frame.normal @ frame.position), 3)].append(frame)
    clash = sum(len({_pixels_hash(f) for f in here}) > 1 for here in places.values() if len(here) > 1)
    kept = [here[0] for here in places.values()]
    return kept, len(frames) - len(kept), clash


def _pixels_hash(frame: Frame) -> str:
    dataset = read(frame.source, pixels=True)
    size = len(dataset.get("PixelData") or b"") // max(1, int(dataset.get("NumberOfFrames") or 1))
    body = (dataset.get("PixelData") or b"")[frame.index * size : (frame.index + 1) * size]
    return hashlib.sha256(body).hexdigest()
