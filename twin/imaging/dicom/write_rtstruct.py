"""Predicted extents as RTSTRUCT: contours along pixel edges on the slices of the source series."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np

from twin import RESEARCH_USE_ONLY, __version__
from twin.imaging.dicom.contour import outlines
from twin.imaging.dicom.element import text
from twin.imaging.dicom.frame import Frame
from twin.imaging.dicom.match import NEEDED, Match, on_frames
from twin.imaging.dicom.phantom import RTSTRUCT_CLASS, decimals, item
from twin.imaging.dicom.predicted import LIKELY, Arm, Predicted
from twin.imaging.dicom.write_seg import colour, series_words


def structure_set(arm: Arm, predicted: Predicted, source: Match, number: int) -> Any:
    """One structure set: a region per predicted day. Nested contours are holes, as planning systems read them."""
    from pydicom.dataset import FileDataset, FileMetaDataset
    from pydicom.uid import UID, ExplicitVRLittleEndian, generate_uid

    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID(RTSTRUCT_CLASS)
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    identity(made, source.headers[0])
    now = datetime.datetime.now()
    made.SOPClassUID, made.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    made.Modality, made.SeriesInstanceUID, made.SeriesNumber, made.InstanceNumber = "RTSTRUCT", generate_uid(), number, 1
    made.Manufacturer, made.ManufacturerModelName, made.SoftwareVersions = "oncotwin", "oncotwin", __version__
    made.OperatorsName = ""
    made.SeriesDescription = series_words(arm, "predicted tumour")
    made.StructureSetLabel, made.StructureSetDescription = "PREDICTION", RESEARCH_USE_ONLY
    made.StructureSetDate, made.StructureSetTime = now.strftime("%Y%m%d"), now.strftime("%H%M%S")
    made.ApprovalStatus = "UNAPPROVED"
    frame_uid = text(source.headers[0], "FrameOfReferenceUID")
    made.FrameOfReferenceUID, made.PositionReferenceIndicator = frame_uid, ""
    made.ReferencedFrameOfReferenceSequence = [_reference(source, frame_uid)]
    _regions(made, arm, predicted, source, frame_uid)
    return made


def identity(made: Any, header: Any) -> None:
    """Patient and study as in the source."""
    copied = (*NEEDED, "StudyInstanceUID", "ReferringPhysicianName", "StudyDescription", "SpecificCharacterSet")
    for keyword in copied:
        if keyword in header:
            setattr(made, keyword, header[keyword].value)
    if "ReferringPhysicianName" not in made:
        made.ReferringPhysicianName = ""


def _reference(source: Match, frame_uid: str) -> Any:
    header = source.headers[0]
    images = [item(ReferencedSOPClassUID=h.SOPClassUID, ReferencedSOPInstanceUID=h.SOPInstanceUID) for h in source.headers]
    series = item(SeriesInstanceUID=header.SeriesInstanceUID, ContourImageSequence=images)
    study = item(
        ReferencedSOPClassUID="1.2.840.10008.3.1.2.3.1",
        ReferencedSOPInstanceUID=header.StudyInstanceUID,
        RTReferencedSeriesSequence=[series],
    )
    return item(FrameOfReferenceUID=frame_uid, RTReferencedStudySequence=[study])


def _regions(made: Any, arm: Arm, predicted: Predicted, source: Match, frame_uid: str) -> None:
    rois, drawn, observed = [], [], []
    for number, prediction in enumerate(arm.predictions, start=1):
        planes = on_frames(prediction.probability, predicted.grid, source.frames) >= LIKELY
        rois.append(
            item(
                ROINumber=number,
                ROIName=prediction.label,
                ReferencedFrameOfReferenceUID=frame_uid,
                ROIDescription="at least half of the posterior draws; research use only",
                ROIGenerationAlgorithm="AUTOMATIC",
            )
        )
        contours = [c for plane, frame in zip(planes, source.frames, strict=True) for c in _contours(plane, frame, source)]
        rgb = [str(c) for c in colour(number)]
        drawn.append(item(ReferencedROINumber=number, ROIDisplayColor=rgb, ContourSequence=contours))
        observed.append(
            item(ObservationNumber=number, ReferencedROINumber=number, RTROIInterpretedType="", ROIInterpreter="")
        )
    made.StructureSetROISequence, made.ROIContourSequence, made.RTROIObservationsSequence = rois, drawn, observed


def _contours(plane: np.ndarray, frame: Frame, source: Match) -> list[Any]:
    made = []
    header = next(h for h in source.headers if text(h, "SOPInstanceUID") == frame.uid)
    for loop in outlines(plane):
        points = _mm(loop - 0.5, frame)
        image = item(ReferencedSOPClassUID=header.SOPClassUID, ReferencedSOPInstanceUID=header.SOPInstanceUID)
        if "NumberOfFrames" in header:
            image.ReferencedFrameNumber = frame.index + 1
        made.append(
            item(
                ContourImageSequence=[image],
                ContourGeometricType="CLOSED_PLANAR",
                NumberOfContourPoints=len(points),
                ContourData=decimals(points.ravel()),
            )
        )
    return made


def _mm(pixels: np.ndarray, frame: Frame) -> np.ndarray:
    """(n, 2) positions (row, column) in pixels -> (n, 3) in mm."""
    down, right = np.array(frame.column) * frame.spacing_mm[0], np.array(frame.row) * frame.spacing_mm[1]
    return np.array(frame.position) + pixels[:, :1] * down + pixels[:, 1:] * right
