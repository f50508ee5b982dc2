"""What the fuzz command damages: a sound small file of each kind, and the reader that must stand it."""

from __future__ import annotations

import datetime
import functools
import io
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from twin.errors import DataRefused
from twin.grid import Grid

GRID = Grid((6, 10, 8), (2.5, 1.2, 0.9), (-10.0, 5.0, 30.0))


@dataclass(frozen=True)
class Target:
    """A kind of file: a sound example, the ending of its name, and its reader (returns what is to be finite).

    ``pack`` wraps the damaged bytes, so that the damage reaches what lies within a compressed file.
    """

    make: Callable[[], bytes]
    ending: str
    reader: Callable[[Path], list[Any]]
    pack: Callable[[bytes], bytes] = bytes

    def seed(self) -> bytes:
        return _made(self.make)

    def warm(self, path: Path) -> None:
        """Read the sound file once: imports are not the damaged files' fault."""
        path.write_bytes(self.pack(self.seed()))
        kind, words = self.judge(path)
        if kind != "read":
            raise RuntimeError(f"the sound file is not read: {words}")

    def judge(self, path: Path) -> tuple[str, str]:
        """("read" | "refused" | "broken", words)."""
        try:
            found = self.reader(path)
        except DataRefused as refusal:
            return "refused", refusal.what
        except Exception as error:
            return "broken", f"{type(error).__name__}: {error}"[:300]
        bad = [words for value in found if (words := _insane(value))]
        return ("broken", "accepted " + bad[0]) if bad else ("read", "")


@functools.cache
def _made(make: Callable[[], bytes]) -> bytes:
    return make()


def _insane(value: Any) -> str:
    if isinstance(value, Grid):
        corner = value.index_to_mm(np.array(value.shape))
        singular = abs(np.linalg.det(np.reshape(value.direction, (3, 3)))) < 0.5
        return "a geometry that is not finite" if singular or not np.isfinite(corner).all() else ""
    values = np.asarray(value)
    return "" if values.dtype.kind != "f" or np.isfinite(values).all() else "values that are not finite"


def _nifti() -> bytes:
    header = bytearray(352)
    struct.pack_into("<i", header, 0, 348)
    struct.pack_into("<8h", header, 40, 3, *GRID.shape[::-1], 1, 1, 1, 1)
    struct.pack_into("<2h", header, 70, 16, 32)
    struct.pack_into("<8f", header, 76, 1, *GRID.spacing_mm[::-1], 0, 0, 0, 0)
    struct.pack_into("<3f", header, 108, 352, 1, 0)
    header[123] = 2
    struct.pack_into("<2h", header, 252, 1, 1)
    struct.pack_into("<6f", header, 256, 0, 0, 0, *GRID.origin_mm)
    rows = np.column_stack([np.diag(GRID.spacing_mm[::-1]), GRID.origin_mm])
    struct.pack_into("<12f", header, 280, *rows.ravel())
    header[344:348] = b"n+1\0"
    return bytes(header) + np.linspace(0, 1, GRID.size, dtype="<f4").tobytes()


def _gzip(body: bytes) -> bytes:
    import gzip

    return gzip.compress(body, 1, mtime=0)


def _read_any(path: Path) -> list[Any]:
    from twin.imaging.read import read_image

    image = read_image(path)
    return [image.grid, image.values]


def _itk_file(ending: str) -> bytes:
    import tempfile

    import SimpleITK as sitk

    from twin.imaging.image import to_itk

    with tempfile.TemporaryDirectory(prefix="oncotwin-") as folder:
        path = Path(folder, "file" + ending)
        sitk.WriteImage(to_itk(_values().astype(np.float32), GRID), str(path))
        return path.read_bytes()


def _nrrd() -> bytes:
    return _itk_file(".nrrd")


def _metaimage() -> bytes:
    return _itk_file(".mha")


def _exam() -> Any:
    from twin.imaging.dicom.phantom import Exam

    return Exam(datetime.date(2026, 1, 5))


def _values() -> np.ndarray:
    return (np.arange(GRID.size) % 900).reshape(GRID.shape).astype(np.uint16)


def _bytes(dataset: Any) -> bytes:
    body = io.BytesIO()
    dataset.save_as(body, enforce_file_format=True)
    return body.getvalue()


def _image() -> bytes:
    from twin.imaging.dicom import phantom

    return _bytes(phantom.enhanced(_exam(), _values(), GRID, 3, range(len(_values())), SeriesDescription="t1"))


def _slices(modality: str) -> list[Any]:
    from twin.imaging.dicom import phantom

    planes = phantom.slices(_exam(), _values(), GRID, 3, modality, SeriesDescription="t1")
    return [_in_counts(plane) for plane in planes] if modality == "PT" else planes


def _in_counts(plane: Any) -> Any:
    """A plane as PET with every element that SUV is made of, private ones too."""
    from pydicom.dataset import Dataset

    dose = Dataset()
    dose.RadionuclideTotalDose, dose.RadionuclideHalfLife = "370000000", "6586.2"
    dose.RadiopharmaceuticalStartTime = "090000"
    plane.Units, plane.DecayCorrection, plane.PatientWeight = "CNTS", "START", "70"
    plane.SeriesDate, plane.SeriesTime, plane.CorrectedImage = "20260105", "113000", ["ATTN", "DECY"]
    plane.RadiopharmaceuticalInformationSequence = [dose]
    plane.private_block(0x7053, "Philips PET Private Group", create=True).add_new(0x09, "DS", "1.6")
    plane.private_block(0x0009, "GEMS_PETD_01", create=True).add_new(0x0D, "DT", "20260105100000.00")
    return plane


def _slice() -> bytes:
    return _bytes(_slices("MR")[2])


def _pet_slice() -> bytes:
    return _bytes(_slices("PT")[2])


def _read_image(path: Path) -> list[Any]:
    from twin.imaging.dicom.file import Source, quiet
    from twin.imaging.dicom.role import role_of
    from twin.imaging.dicom.series import group, open_files, volumes
    from twin.imaging.dicom.values import measure

    beside = [Source(p, p.name) for p in sorted(path.parent.glob("beside*"))]
    with quiet():
        files, refused = open_files([Source(path, path.name), *beside])
        found: list[Any] = []
        for volume in (v for series in group(files) for v in volumes(series)[0]):
            role_of(volume)
            measured = measure(volume)
            found += [measured.grid, measured.values]
    if refused and not found:
        raise refused[0]
    return found


def _read_slice(path: Path) -> list[Any]:
    return _among_neighbours(path, "MR")


def _read_pet_slice(path: Path) -> list[Any]:
    return _among_neighbours(path, "PT")


def _among_neighbours(path: Path, modality: str) -> list[Any]:
    """The damaged slice among its sound neighbours."""
    from twin.imaging.dicom import phantom

    if not (path.parent / "beside0").exists():
        for k, one in enumerate(_slices(modality)):
            if k != 2:
                phantom.save(one, path.parent / f"beside{k}")
    return _read_image(path)


def _seg() -> bytes:
    from twin.imaging.dicom import phantom

    planes = (_values() > 450).astype(np.uint8)
    return _bytes(phantom.segmentation(_exam(), {"tumour": planes, "oedema": 1 - planes}, GRID))


def _read_seg(path: Path) -> list[Any]:
    from twin.imaging.dicom.file import Source
    from twin.imaging.dicom.seg import read_segmentation

    found = read_segmentation(Source(path, path.name))
    return [found.mask(s.number, GRID) for s in found.segments[:8]]


def _structures() -> bytes:
    from twin.imaging.dicom import phantom
    from twin.imaging.dicom.contour import contours

    reference = phantom.slices(_exam(), _values(), GRID, 3)[0]
    return _bytes(phantom.structures(_exam(), {"GTV": contours(_values() > 450, GRID), "Brain": []}, reference))


def _read_structures(path: Path) -> list[Any]:
    from twin.imaging.dicom.file import Source
    from twin.imaging.dicom.rtstruct import read_structures

    found = read_structures(Source(path, path.name))
    return [region.mask(GRID) for region in found.regions[:8]]


def _dose() -> bytes:
    from twin.imaging.dicom import phantom

    return _bytes(phantom.dose(_exam(), _values() / 20.0, GRID, "1.2.3"))


def _read_dose(path: Path) -> list[Any]:
    from twin.imaging.dicom.dose import read_dose
    from twin.imaging.dicom.file import Source

    found = read_dose(Source(path, path.name))
    return [found.grid, found.gy]


def _plan() -> bytes:
    from twin.imaging.dicom import phantom

    return _bytes(phantom.plan(_exam(), 60.0, 30))


def _read_plan(path: Path) -> list[Any]:
    from twin.imaging.dicom.file import Source, quiet, read
    from twin.imaging.dicom.plan import delivered, prescription

    source = Source(path, path.name)
    with quiet():
        dataset = read(source)
        found = prescription(dataset, source)
        delivered([dataset])
    return [v for v in (found.total_gy,) if v is not None]


TARGETS: dict[str, Target] = {
    "nifti": Target(_nifti, ".nii", _read_any),
    "nifti-packed": Target(_nifti, ".nii.gz", _read_any, _gzip),
    "nrrd": Target(_nrrd, ".nrrd", _read_any),
    "metaimage": Target(_metaimage, ".mha", _read_any),
    "dicom-multiframe": Target(_image, ".dcm", _read_image),
    "dicom-slice": Target(_slice, ".dcm", _read_slice),
    "dicom-pet": Target(_pet_slice, ".dcm", _read_pet_slice),
    "seg": Target(_seg, ".dcm", _read_seg),
    "rtstruct": Target(_structures, ".dcm", _read_structures),
    "rtdose": Target(_dose, ".dcm", _read_dose),
    "rtplan": Target(_plan, ".dcm", _read_plan),
}
"""By name."""
