"""A source series without identity, built anew from pixels and geometry alone: no element of the original is copied."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import Any

import numpy as np

from twin.errors import DataRefused
from twin.imaging.dicom.element import text
from twin.imaging.dicom.match import Match
from twin.imaging.dicom.phantom import Exam, dataset, decimal, decimals, image_pixels
from twin.imaging.dicom.series import CLASSES
from twin.imaging.dicom.values import stored_planes
from twin.imaging.privacy import Privacy


def anonymous(source: Match, name: str, rules: Privacy) -> Match:
    """The same planes as classic single-frame images of a made-up patient, with new identifiers and shifted dates."""
    series = source.volume.series
    assert series.date is not None
    person = secrets.token_hex(12)
    exam = Exam(rules.date(series.date), person=name, person_id=name, frame=person, seed=person, tags=NOBODY)
    made = [_plane(exam, source, k, plane) for k, plane in enumerate(_integers(stored_planes(source.frames)))]
    frames = tuple(replace(f, uid=str(m.SOPInstanceUID), index=0) for f, m in zip(source.frames, made, strict=True))
    volume = replace(source.volume, layout=replace(source.volume.layout, frames=frames))
    return Match(volume, tuple(made), source.exact)


NOBODY = {
    "PatientBirthDate": "",
    "PatientSex": "",
    "StudyTime": "",
    "SeriesTime": "",
    "Manufacturer": "oncotwin",
    "PatientIdentityRemoved": "YES",
    "DeidentificationMethod": "oncotwin: images rebuilt from pixels and geometry",
    "LongitudinalTemporalInformationModified": "MODIFIED",
}
"""What stands in the place of the patient."""

_EMPTY: dict[str, Any] = {"Laterality": "", "AcquisitionNumber": None}
_LYING = _EMPTY | {"PatientPosition": ""}
UNTOLD: dict[str, dict[str, Any]] = {
    "MR": _LYING
    | {"ScanningSequence": "RM", "SequenceVariant": "NONE", "ScanOptions": "", "MRAcquisitionType": ""}
    | {"RepetitionTime": None, "EchoTime": None, "EchoTrainLength": None},
    "CT": _LYING | {"KVP": None},
    "PT": _EMPTY
    | {"SeriesTime": "000000", "AcquisitionDate": "", "AcquisitionTime": "", "CountsSource": "EMISSION"}
    | {"SeriesType": ["STATIC", "IMAGE"], "CorrectedImage": "", "CollimatorType": "", "ActualFrameDuration": None}
    | {"FrameReferenceTime": "0", "RadiopharmaceuticalInformationSequence": []}
    | {"PatientOrientationCodeSequence": [], "PatientGantryRelationshipCodeSequence": []},
}
"""Elements that an image must have, without saying anything."""

PET_UNITS = ("CNTS", "CPS", "BQML", "GML", "PCNT", "PROPCNTS", "PROPCPS", "UMOLML", "MGMINML")
DECAY = ("START", "ADMIN")


def _pet(header: Any, planes: int, number: int) -> dict[str, Any]:
    """What PET pixels mean: codes of the standard, taken over only where they are known ones."""
    unit, decay = text(header, "Units").upper(), text(header, "DecayCorrection").upper()
    return {
        "Units": unit if unit in PET_UNITS else "NONE",
        "DecayCorrection": decay if decay in DECAY else "NONE",
        "NumberOfSlices": planes,
        "ImageIndex": number + 1,
    }


def _plane(exam: Exam, source: Match, number: int, pixels: np.ndarray) -> Any:
    frame, modality = source.frames[number], source.volume.series.modality
    described = {
        "ImageType": ["DERIVED", "PRIMARY", "OTHER"],
        "ImagePositionPatient": decimals(frame.position),
        "ImageOrientationPatient": decimals([*frame.row, *frame.column]),
        "PixelSpacing": decimals(frame.spacing_mm),
        "SliceThickness": decimal(frame.thickness_mm or source.volume.layout.step_mm),
        "BurnedInAnnotation": "NO",
        **image_pixels(pixels),
    }
    if (frame.slope, frame.intercept) != (1.0, 0.0) or modality != "MR":
        described |= {"RescaleSlope": decimal(frame.slope), "RescaleIntercept": decimal(frame.intercept)}
    if modality == "PT":
        described |= _pet(source.volume.series.header, len(source.frames), number)
    return dataset(exam, CLASSES[modality], modality, 1, number + 1, **UNTOLD[modality] | described)


def _integers(planes: list[np.ndarray]) -> list[np.ndarray]:
    """Stored pixels as 16-bit integers."""
    low, high = min(float(p.min()) for p in planes), max(float(p.max()) for p in planes)
    for kind in (np.uint16, np.int16):
        if np.iinfo(kind).min <= low and high <= np.iinfo(kind).max:
            return [p.astype(kind) for p in planes]
    raise DataRefused("The source series has more than 16 bits a pixel.", remedy="export in hospital mode")
