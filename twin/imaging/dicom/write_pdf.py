"""The report as an encapsulated PDF beside the study (PS3.3 A.45.1)."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

from twin import __version__
from twin.imaging.dicom.match import Match

PDF_CLASS = "1.2.840.10008.5.1.4.1.1.104.1"
LARGEST = 500 << 20


def encapsulated_pdf(path: Path, source: Match, number: int) -> Any:
    """A PDF file as a DICOM document of the source's patient and study."""
    from pydicom.dataset import FileDataset, FileMetaDataset
    from pydicom.uid import UID, ExplicitVRLittleEndian, generate_uid

    from twin.imaging.dicom.write_rtstruct import identity

    body = path.read_bytes()
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = UID(PDF_CLASS), generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    identity(made, source.headers[0])
    now = datetime.datetime.now()
    made.SOPClassUID, made.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    made.Modality, made.SeriesInstanceUID, made.SeriesNumber, made.InstanceNumber = "DOC", generate_uid(), number, 1
    made.Manufacturer, made.ManufacturerModelName, made.SoftwareVersions = "oncotwin", "oncotwin", __version__
    made.ConversionType, made.BurnedInAnnotation = "WSD", "YES"
    made.ContentDate, made.ContentTime = now.strftime("%Y%m%d"), now.strftime("%H%M%S")
    made.AcquisitionDateTime = ""
    made.SeriesDescription = made.DocumentTitle = "oncotwin report (research use only)"
    made.ConceptNameCodeSequence = []
    made.MIMETypeOfEncapsulatedDocument = "application/pdf"
    made.EncapsulatedDocument = body + b"\0" * (len(body) % 2)
    made.EncapsulatedDocumentLength = len(body)
    return made
