"""Identity planted wherever DICOM, NIfTI and file systems can carry it, and a search for it in whatever was written."""

from __future__ import annotations

import base64
import gzip
import io
import re
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset

KEYWORDS = (
    "PatientName PatientID OtherPatientNames PatientBirthName PatientMotherBirthName PatientAddress "
    "PatientTelephoneNumbers EthnicGroup Occupation AdditionalPatientHistory PatientComments PatientReligiousPreference "
    "MedicalRecordLocator MilitaryRank BranchOfService InsurancePlanIdentification Allergies MedicalAlerts "
    "InstitutionName InstitutionAddress InstitutionalDepartmentName StationName ReferringPhysicianName "
    "ReferringPhysicianAddress ReferringPhysicianTelephoneNumbers PerformingPhysicianName OperatorsName "
    "NameOfPhysiciansReadingStudy RequestingPhysician PhysiciansOfRecord StudyDescription SeriesDescription ProtocolName "
    "StudyID AccessionNumber DeviceSerialNumber ImageComments RequestedProcedureDescription PerformedProcedureStepID "
    "PerformedProcedureStepDescription RequestedProcedureID AdmissionID IssuerOfPatientID CurrentPatientLocation "
    "ManufacturerModelName SoftwareVersions DerivationDescription AcquisitionComments StudyComments"
)
TEXTS = tuple(KEYWORDS.split())
"""Elements that hold a name, a number or free words."""


class Tokens:
    """Made-up words, each planted in one place; :meth:`found` looks for them in bytes."""

    def __init__(self) -> None:
        self.places: dict[str, str] = {}

    def new(self, place: str) -> str:
        word = f"Zq{len(self.places):03d}xW"
        self.places[word] = place
        return word

    def add(self, word: str, place: str) -> str:
        self.places[word] = place
        return word

    def found(self, body: bytes) -> list[str]:
        low = body.lower()
        wide = low.replace(b"\x00", b"")
        return [f"{w} ({p})" for w, p in self.places.items() if w.lower().encode() in low or w.lower().encode() in wide]


def plant(datasets: list, tokens: Tokens) -> None:
    """Identity in every dataset: text elements, nested and private sequences, overlays, curves, file meta."""
    words = {keyword: tokens.new(keyword) for keyword in TEXTS}
    birth = tokens.add("19470131", "PatientBirthDate")
    nested = tokens.new("nested three deep")
    private = [tokens.new(f"private {n}") for n in range(4)]
    for one in datasets:
        described = str(one.get("SeriesDescription", ""))
        for keyword, word in words.items():
            setattr(one, keyword, f"{described} {word}".strip() if keyword == "SeriesDescription" else word)
        one.PatientBirthDate = birth
        one.OtherPatientIDsSequence = [_item(PatientID=nested, IssuerOfPatientID=nested)]
        one.RequestAttributesSequence = [_item(RequestedProcedureCodeSequence=[_item(CodeMeaning=nested)])]
        _private(one, private)
    place = {
        name: tokens.new(name)
        for name in ("overlay data", "overlay words", "file meta", "preamble", "pixel padding", "icon")
    }
    for one in datasets:
        _hidden(one, place)


def _item(**tags) -> Dataset:
    made = Dataset()
    for keyword, value in tags.items():
        setattr(made, keyword, value)
    return made


def _private(one, words: list[str]) -> None:
    block = one.private_block(0x0051, words[0], create=True)
    block.add_new(0x01, "LO", words[1])
    block.add_new(0x02, "UN", words[2].encode())
    block.add_new(0x03, "SQ", [_item(PatientName=words[3])])


def _hidden(one, words: dict[str, str]) -> None:
    one.add_new(0x60003000, "OW", words["overlay data"].encode() + b"\0" * (len(words["overlay data"]) % 2))
    one.add_new(0x60000022, "LO", words["overlay words"])
    one.file_meta.SourceApplicationEntityTitle = words["file meta"]
    one.preamble = words["preamble"].encode().ljust(128, b"\0")
    if "PixelData" in one and one.get("BitsAllocated") == 16:
        tail = words["pixel padding"].encode()
        one.PixelData = one.PixelData + tail + b"\0" * (len(tail) % 2)
    one.IconImageSequence = [_item(ImageComments=words["icon"])]


def written(folder: Path) -> list[tuple[str, bytes]]:
    """(name, content) of every file below ``folder``, unpacked; names count as content."""
    found = []
    for path in sorted(folder.rglob("*")):
        found.append((str(path.relative_to(folder)), str(path.relative_to(folder)).encode()))
        if path.is_file():
            found += [(path.name, body) for body in unpacked(path.read_bytes())]
    return found


def unpacked(body: bytes) -> list[bytes]:
    """A file's content and all that lies packed in it, however deep: archives, streams, embedded files, picture chunks."""
    inside = [part for opens, unpack in _PACKINGS if opens(body) for part in unpack(body)]
    return [body, *(deeper for part in inside for deeper in unpacked(part))]


def _members(body: bytes) -> list[bytes]:
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        return [b"\n".join(n.encode() for n in archive.namelist()), *(archive.read(n) for n in archive.namelist())]


def _inflated(body: bytes) -> bytes:
    return zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(body)


def _pdf_streams(body: bytes) -> list[bytes]:
    streams = re.findall(rb"stream\r?\n(.*?)endstream", body, re.DOTALL)
    return [_inflated(s) for s in streams if s[:1] == b"\x78"]


def _png_texts(body: bytes) -> list[bytes]:
    """The packed texts of a PNG (plain ones are seen as they are)."""
    return [_inflated(text) for text in re.findall(rb"(?:zTXt|iTXt)[^\0]{1,79}\0+(\x78.*?)....[A-Z]", body, re.DOTALL)]


def _embedded(body: bytes) -> list[bytes]:
    return [base64.b64decode(text + b"=" * (-len(text) % 4)) for text in re.findall(rb"base64,([A-Za-z0-9+/]{16,}=*)", body)]


def _zstandard(body: bytes) -> list[bytes]:
    from numcodecs import Zstd

    return [bytes(Zstd().decode(body))]


def _table(body: bytes) -> list[bytes]:
    import pyarrow.parquet as pq

    table = pq.read_table(io.BytesIO(body))
    return [str(table.schema).encode() + str(table.to_pydict()).encode()]


_PACKINGS: list[tuple[Callable[[bytes], bool], Callable[[bytes], list[bytes]]]] = [
    (lambda b: b[:2] == b"\x1f\x8b", lambda b: [gzip.decompress(b)]),
    (lambda b: b[:4] == b"PK\x03\x04", _members),
    (lambda b: b[:4] == b"\x28\xb5\x2f\xfd", _zstandard),
    (lambda b: b[:4] == b"PAR1", _table),
    (lambda b: b[:5] == b"%PDF-", _pdf_streams),
    (lambda b: b[:4] == b"\x89PNG", _png_texts),
    (lambda b: b"base64," in b, _embedded),
]


def plant_nifti(path: Path, tokens: Tokens) -> None:
    """Identity in the free fields of a NIfTI-1 header and in a comment extension."""
    body = bytearray(gzip.decompress(path.read_bytes()))
    for at, length, place in ((148, 80, "descrip"), (228, 24, "aux_file"), (328, 16, "intent_name"), (14, 18, "db_name")):
        body[at : at + length] = tokens.new(f"NIfTI {place}").encode().ljust(length, b"\0")
    words = tokens.new("NIfTI extension").encode()
    extension = b"\1\0\0\0" + np.array([32, 6], "<i4").tobytes() + words.ljust(24, b"\0")
    shifted = np.array([352 + 32], "<f4").tobytes()
    body = body[:108] + shifted + body[112:348] + extension + body[352:]
    path.write_bytes(gzip.compress(bytes(body)))


UID = re.compile(rb"1\.2\.826\.0\.1\.3680043\.8\.498\.\d{6,}")
"""Identifiers that the phantom makes: they identify a study as surely as a name."""
