"""Everything a study holds, read and sorted: volumes with their role, outlines, doses, plans; the rest set aside."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from twin.errors import DataRefused
from twin.imaging.dicom.dose import Dose, read_dose
from twin.imaging.dicom.element import clean, text
from twin.imaging.dicom.gather import Gathered
from twin.imaging.dicom.plan import Prescription, delivered, prescription
from twin.imaging.dicom.role import OTHER, Role, role_of
from twin.imaging.dicom.rtstruct import Structures, read_structures
from twin.imaging.dicom.seg import Segmentation, read_segmentation
from twin.imaging.dicom.series import IMAGES, File, Series, SetAside, Volume, group, open_files, volumes
from twin.progress import Progress

NOT_NEEDED = {
    "SR": "a structured report",
    "PR": "presentation states",
    "KO": "a selection of key images",
    "REG": "a registration object",
    "SC": "a screenshot",
    "OT": "a screenshot or document",
    "DOC": "a document",
    "RTIMAGE": "portal images",
    "RAW": "raw data",
    **dict.fromkeys(("CR", "DX", "RG"), "a radiograph, not slices"),
    **dict.fromkeys(("XA", "RF"), "fluoroscopy or angiography, not slices"),
    **dict.fromkeys(("US", "IVUS"), "ultrasound: it states no position in the patient"),
    "MG": "a mammogram, not slices",
    "NM": "a nuclear medicine scan: of these, only PET is read",
    **dict.fromkeys(("SM", "GM"), "a picture of a specimen"),
    **dict.fromkeys(("ES", "OP", "XC"), "photographs"),
    **dict.fromkeys(("ECG", "HD", "EPS", "AU"), "curves, not images"),
}
"""What a series of another modality is, by the code of the modality."""


@dataclass(frozen=True)
class Shown:
    """A volume, what it shows, and its key in the mapping file."""

    volume: Volume
    role: Role

    @property
    def date(self) -> datetime.date | None:
        return self.volume.series.date


@dataclass
class Contents:
    """A study, sorted."""

    files: int = 0
    others: int = 0
    untold: int = 0
    remarks: list[str] = field(default_factory=list)
    images: list[Shown] = field(default_factory=list)
    segmentations: list[tuple[Segmentation, File]] = field(default_factory=list)
    structures: list[tuple[Structures, File]] = field(default_factory=list)
    doses: list[Dose] = field(default_factory=list)
    plans: list[Prescription] = field(default_factory=list)
    delivered: dict[str, list[tuple[datetime.date, int]]] = field(default_factory=dict)
    aside: list[SetAside] = field(default_factory=list)
    refused: list[DataRefused] = field(default_factory=list)
    people: set[str] = field(default_factory=set)
    issuers: set[str] = field(default_factory=set)
    births: set[str] = field(default_factory=set)
    studies: dict[str, datetime.date | None] = field(default_factory=dict)

    def volume(self, series_uid: str) -> Volume | None:
        """The (first) volume of a series."""
        return next((s.volume for s in self.images if s.volume.series.uid == series_uid), None)


def read_contents(found: Gathered, named: bool, progress: Progress) -> Contents:
    """Read every header, group series, read outlines, doses and plans."""
    contents = Contents(len(found.sources), found.others, remarks=list(found.remarks))
    progress.begin("Reading headers", len(found.sources))
    files: list[File] = []
    for source in found.sources:
        opened, refused = open_files([source])
        files += opened
        contents.refused += refused
        progress.advance()
    progress.end()
    stated = [f for f in files if f.modality or text(f.header, "SOPClassUID")]
    contents.untold, files = len(files) - len(stated), stated
    contents.people = {clean(text(f.header, "PatientID")) or clean(text(f.header, "PatientName")) for f in files}
    contents.issuers = {clean(text(f.header, "IssuerOfPatientID")) for f in files} - {""}
    contents.births = {clean(text(f.header, "PatientBirthDate")) for f in files} - {""}
    contents.studies = {text(f.header, "StudyInstanceUID"): None for f in files}
    for series in group(files, named):
        _sort_series(series, contents)
    return contents


def one_person(contents: Contents) -> None:
    """Refuse files of several patients: of several numbers, or of one number with several issuers or dates of birth."""
    counts = {
        f"{len(contents.people - {''})} patients": contents.people - {""},
        f"patients: one number, {len(contents.issuers)} issuers of it": contents.issuers,
        f"patients: one number, {len(contents.births)} dates of birth": contents.births,
    }
    for words, found in counts.items():
        if len(found) > 1:
            raise DataRefused(
                f"The study mixes {words}.",
                why="one twin is one patient",
                remedy="give the folder of one patient; check whether the PACS export was filtered by patient",
            )


def _sort_series(series: Series, contents: Contents) -> None:
    kind = series.modality
    if kind in IMAGES:
        found, aside = volumes(series)
        contents.images += [Shown(v, role_of(v)) for v in found]
        contents.aside += aside
    elif kind in _READERS:
        for file in series.files:
            try:
                _READERS[kind](file, contents)
            except DataRefused as refusal:
                contents.refused.append(refusal)
    elif kind == "RTRECORD":
        for plan, days in delivered([f.header for f in series.files]).items():
            contents.delivered[plan] = sorted({*contents.delivered.get(plan, []), *days})
    else:
        contents.aside.append(
            SetAside(series.name, NOT_NEEDED.get(kind, "not an image, outline, dose or plan that is read"))
        )


def _seg(file: File, contents: Contents) -> None:
    contents.segmentations.append((read_segmentation(file.source), file))


def _structures(file: File, contents: Contents) -> None:
    contents.structures.append((read_structures(file.source), file))


def _dose(file: File, contents: Contents) -> None:
    contents.doses.append(read_dose(file.source))


def _plan(file: File, contents: Contents) -> None:
    contents.plans.append(prescription(file.header, file.source))


_READERS: dict[str, Any] = {"SEG": _seg, "RTSTRUCT": _structures, "RTDOSE": _dose, "RTPLAN": _plan}


def usable(shown: Sequence[Shown]) -> list[Shown]:
    """Those whose role is one that the twin uses."""
    return [s for s in shown if s.role.name != OTHER]
