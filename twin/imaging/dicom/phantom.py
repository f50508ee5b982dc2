"""Small synthetic studies as DICOM files, as scanners and planning systems write them: for tests and the fuzz command."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from twin.grid import Grid
from twin.imaging.dicom.series import CLASSES

ENHANCED_MR_CLASS = "1.2.840.10008.5.1.4.1.1.4.1"
RTSTRUCT_CLASS = "1.2.840.10008.5.1.4.1.1.481.3"
RTDOSE_CLASS = "1.2.840.10008.5.1.4.1.1.481.2"
RTPLAN_CLASS = "1.2.840.10008.5.1.4.1.1.481.5"
SEG_CLASS = "1.2.840.10008.5.1.4.1.1.66.4"
RECORD_CLASS = "1.2.840.10008.5.1.4.1.1.481.4"


@dataclass(frozen=True)
class Exam:
    """Whose study it is, of which day, and its frame of reference."""

    date: datetime.date
    person: str = "Phantom^Patient"
    person_id: str = "P-0001"
    frame: str = "head"
    tags: Mapping[str, Any] = field(default_factory=dict)
    seed: str = ""

    def uid(self, *words: object) -> str:
        """The same words give the same identifier."""
        from pydicom.uid import generate_uid

        return str(generate_uid(entropy_srcs=["oncotwin phantom", self.seed, self.person_id, *map(str, words)]))

    @property
    def study_uid(self) -> str:
        return self.uid("study", self.date)

    @property
    def frame_uid(self) -> str:
        return self.uid("frame", self.frame)


def dataset(exam: Exam, sop_class: str, modality: str, series: int, instance: int = 1, **tags: Any) -> Any:
    """A dataset with the patient, study and series modules filled in."""
    from pydicom.dataset import FileDataset, FileMetaDataset
    from pydicom.uid import UID, ExplicitVRLittleEndian

    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID(sop_class)
    meta.MediaStorageSOPInstanceUID = UID(exam.uid("instance", exam.date, modality, series, instance))
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    day = exam.date.strftime("%Y%m%d")
    filled = {
        "SOPClassUID": sop_class,
        "SOPInstanceUID": meta.MediaStorageSOPInstanceUID,
        "PatientName": exam.person,
        "PatientID": exam.person_id,
        "PatientBirthDate": "19600102",
        "PatientSex": "F",
        "StudyInstanceUID": exam.study_uid,
        "StudyDate": day,
        "StudyTime": "101500",
        "StudyID": "1",
        "AccessionNumber": "",
        "ReferringPhysicianName": "",
        "SeriesInstanceUID": exam.uid("series", exam.date, modality, series),
        "SeriesNumber": series,
        "SeriesDate": day,
        "SeriesTime": "101500",
        "Modality": modality,
        "Manufacturer": "oncotwin phantom",
        "FrameOfReferenceUID": exam.frame_uid,
        "PositionReferenceIndicator": "",
        "InstanceNumber": instance,
        **exam.tags,
        **tags,
    }
    for keyword, value in filled.items():
        setattr(made, keyword, value)
    return made


def save(made: Any, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    made.save_as(path, enforce_file_format=True)
    return path


def decimal(value: float) -> str:
    """A DICOM decimal string: at most 16 characters."""
    from pydicom.valuerep import format_number_as_ds

    return format_number_as_ds(float(value))


def decimals(values: Iterable[float]) -> list[str]:
    return [decimal(v) for v in values]


def image_pixels(values: np.ndarray) -> dict[str, Any]:
    """The pixel elements of 16-bit integers (rows, columns) or (frames, rows, columns)."""
    signed = values.dtype.kind == "i"
    return {
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "Rows": values.shape[-2],
        "Columns": values.shape[-1],
        "BitsAllocated": 16,
        "BitsStored": 16,
        "HighBit": 15,
        "PixelRepresentation": int(signed),
        "PixelData": values.astype("<i2" if signed else "<u2").tobytes(),
    }


def orientation(grid: Grid) -> list[str]:
    """ImageOrientationPatient of a grid's planes."""
    turn = np.reshape(grid.direction, (3, 3))
    return decimals([*turn[:, 0], *turn[:, 1]])


def slices(exam: Exam, values: np.ndarray, grid: Grid, series: int, modality: str = "MR", **tags: Any) -> list[Any]:
    """One dataset per plane of a (z, y, x) volume of 16-bit integers. Tags given as a list are one value per plane."""
    made = []
    for k, plane in enumerate(values):
        own = {n: v[k] if isinstance(v, list) and len(v) == len(values) else v for n, v in tags.items()}
        place = grid.index_to_mm(np.array([k, 0, 0]))
        described = {
            "ImageType": ["ORIGINAL", "PRIMARY", "M"],
            "AcquisitionDate": exam.date.strftime("%Y%m%d"),
            "AcquisitionTime": "101600",
            "AcquisitionNumber": 1,
            "ImagePositionPatient": decimals(place),
            "ImageOrientationPatient": orientation(grid),
            "PixelSpacing": decimals(grid.spacing_mm[1:]),
            "SliceThickness": decimal(grid.spacing_mm[0]),
            **image_pixels(plane),
            **own,
        }
        made.append(dataset(exam, CLASSES[modality], modality, series, k + 1, **described))
    return made


def enhanced(exam: Exam, values: np.ndarray, grid: Grid, series: int, order: Sequence[int], **tags: Any) -> Any:
    """One multi-frame MR file whose frames stand in the given order."""
    made = dataset(exam, ENHANCED_MR_CLASS, "MR", series, ImageType=["ORIGINAL", "PRIMARY", "ANATOMY", "NONE"], **tags)
    made.AcquisitionDateTime = exam.date.strftime("%Y%m%d") + "101600"
    made.NumberOfFrames = len(values)
    for keyword, value in image_pixels(values[list(order)]).items():
        setattr(made, keyword, value)
    measures = item(PixelSpacing=decimals(grid.spacing_mm[1:]), SliceThickness=decimal(grid.spacing_mm[0]))
    made.SharedFunctionalGroupsSequence = [
        item(
            PixelMeasuresSequence=[measures],
            PlaneOrientationSequence=[item(ImageOrientationPatient=orientation(grid))],
        )
    ]
    made.PerFrameFunctionalGroupsSequence = [
        item(
            PlanePositionSequence=[item(ImagePositionPatient=decimals(grid.index_to_mm(np.array([k, 0, 0]))))],
            FrameContentSequence=[item(StackID="1", InStackPositionNumber=k + 1)],
        )
        for k in order
    ]
    return made


def item(**tags: Any) -> Any:
    from pydicom.dataset import Dataset

    made = Dataset()
    for keyword, value in tags.items():
        setattr(made, keyword, value)
    return made


def structures(exam: Exam, regions: Mapping[str, Sequence[np.ndarray]], reference: Any, series: int = 90) -> Any:
    """An RTSTRUCT of named closed polygons (n, 3; mm) drawn on the series of ``reference``."""
    made = dataset(exam, RTSTRUCT_CLASS, "RTSTRUCT", series, StructureSetLabel="contours", StructureSetName="contours")
    made.StructureSetDate, made.StructureSetTime = exam.date.strftime("%Y%m%d"), "120000"
    drawn_on = item(SeriesInstanceUID=reference.SeriesInstanceUID, ContourImageSequence=[])
    study = item(ReferencedSOPInstanceUID=reference.StudyInstanceUID, RTReferencedSeriesSequence=[drawn_on])
    made.ReferencedFrameOfReferenceSequence = [
        item(FrameOfReferenceUID=reference.FrameOfReferenceUID, RTReferencedStudySequence=[study])
    ]
    names = list(enumerate(regions, start=1))
    made.StructureSetROISequence = [
        item(ROINumber=i, ROIName=n, ReferencedFrameOfReferenceUID=reference.FrameOfReferenceUID) for i, n in names
    ]
    made.ROIContourSequence = [
        item(ReferencedROINumber=i, ContourSequence=[_contour(p) for p in regions[n]]) for i, n in names
    ]
    made.RTROIObservationsSequence = [
        item(ObservationNumber=i, ReferencedROINumber=i, RTROIInterpretedType="", ROIInterpreter="") for i, _ in names
    ]
    return made


def _contour(polygon: np.ndarray) -> Any:
    return item(
        ContourGeometricType="CLOSED_PLANAR",
        NumberOfContourPoints=len(polygon),
        ContourData=decimals(polygon.ravel()),
    )


def dose(exam: Exam, gy: np.ndarray, grid: Grid, plan_uid: str = "", series: int = 91, **tags: Any) -> Any:
    """An RTDOSE of a (z, y, x) dose in Gy, with relative plane offsets."""
    scaling = max(float(gy.max()), 1e-6) / 65535
    offsets = [decimal(k * grid.spacing_mm[0]) for k in range(len(gy))]
    described = {
        "DoseUnits": "GY",
        "DoseType": "PHYSICAL",
        "DoseSummationType": "PLAN",
        "DoseGridScaling": decimal(scaling),
        "GridFrameOffsetVector": offsets,
        "FrameIncrementPointer": 0x3004000C,
        "NumberOfFrames": len(gy),
        "ImagePositionPatient": decimals(grid.origin_mm),
        "ImageOrientationPatient": orientation(grid),
        "PixelSpacing": decimals(grid.spacing_mm[1:]),
        **image_pixels(np.rint(gy / scaling).astype(np.uint16)),
        **tags,
    }
    made = dataset(exam, RTDOSE_CLASS, "RTDOSE", series, **described)
    if plan_uid:
        made.ReferencedRTPlanSequence = [item(ReferencedSOPClassUID=RTPLAN_CLASS, ReferencedSOPInstanceUID=plan_uid)]
    return made


def plan(exam: Exam, total_gy: float, fractions: int, series: int = 92) -> Any:
    """An RTPLAN with one fraction group and one prescription."""
    made = dataset(exam, RTPLAN_CLASS, "RTPLAN", series, RTPlanLabel="brain", RTPlanDate=exam.date.strftime("%Y%m%d"))
    made.PlanIntent, made.RTPlanGeometry, made.ApprovalStatus = "CURATIVE", "PATIENT", "APPROVED"
    beam = item(ReferencedBeamNumber=1, BeamDose=decimal(total_gy / fractions), BeamMeterset="100")
    made.FractionGroupSequence = [
        item(
            FractionGroupNumber=1,
            NumberOfFractionsPlanned=fractions,
            NumberOfBeams=1,
            NumberOfBrachyApplicationSetups=0,
            ReferencedBeamSequence=[beam],
        )
    ]
    made.DoseReferenceSequence = [
        item(
            DoseReferenceNumber=1,
            DoseReferenceStructureType="VOLUME",
            DoseReferenceType="TARGET",
            TargetPrescriptionDose=decimal(total_gy),
        )
    ]
    return made


def records(exam: Exam, plan_uid: str, days: Sequence[datetime.date], series: int = 93) -> list[Any]:
    """One treatment record per fraction given."""
    made = []
    for i, day in enumerate(days, start=1):
        then = replace(exam, date=day)
        record = dataset(
            then, RECORD_CLASS, "RTRECORD", series, i, TreatmentDate=day.strftime("%Y%m%d"), TreatmentTime="0900"
        )
        record.StudyDate = exam.date.strftime("%Y%m%d")
        record.ReferencedRTPlanSequence = [item(ReferencedSOPClassUID=RTPLAN_CLASS, ReferencedSOPInstanceUID=plan_uid)]
        record.TreatmentSessionBeamSequence = [item(CurrentFractionNumber=i, TreatmentTerminationStatus="NORMAL")]
        made.append(record)
    return made


def segmentation(exam: Exam, masks: Mapping[str, np.ndarray], grid: Grid, series: int = 80, series_uid: str = "") -> Any:
    """A binary SEG of (z, y, x) masks, written by hand: every plane is stored, empty ones too."""
    made = dataset(exam, SEG_CLASS, "SEG", series, ImageType=["DERIVED", "PRIMARY"], SegmentationType="BINARY")
    made.ContentLabel, made.ContentDescription, made.ContentCreatorName = "SEGMENTATION", "", ""
    made.SegmentSequence = [item(SegmentNumber=i, SegmentLabel=n) for i, n in enumerate(masks, start=1)]
    made.NumberOfFrames = sum(map(len, masks.values()))
    made.Rows, made.Columns, made.SamplesPerPixel, made.PhotometricInterpretation = *grid.shape[1:], 1, "MONOCHROME2"
    made.BitsAllocated, made.BitsStored, made.HighBit, made.PixelRepresentation = 1, 1, 0, 0
    packed = np.packbits(np.concatenate([m.ravel() > 0 for m in masks.values()]), bitorder="little").tobytes()
    made.PixelData = packed + b"\0" * (len(packed) % 2)
    if series_uid:
        made.ReferencedSeriesSequence = [item(SeriesInstanceUID=series_uid)]
    measures = item(PixelSpacing=decimals(grid.spacing_mm[1:]), SliceThickness=decimal(grid.spacing_mm[0]))
    turn = item(ImageOrientationPatient=orientation(grid))
    made.SharedFunctionalGroupsSequence = [item(PixelMeasuresSequence=[measures], PlaneOrientationSequence=[turn])]
    made.PerFrameFunctionalGroupsSequence = [
        item(
            PlanePositionSequence=[item(ImagePositionPatient=decimals(grid.index_to_mm(np.array([k, 0, 0]))))],
            SegmentIdentificationSequence=[item(ReferencedSegmentNumber=number)],
        )
        for number, mask in enumerate(masks.values(), start=1)
        for k in range(len(mask))
    ]
    return made
