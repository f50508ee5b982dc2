"""pydicom's own test files, odd by design: each is read or refused in words."""

from __future__ import annotations

import shutil
import tarfile
from pathlib import Path

import highdicom
import numpy as np
import pydicom
import pytest

from twin.errors import DataRefused, OncotwinError
from twin.imaging.dicom import import_study
from twin.imaging.dicom.contents import read_contents
from twin.imaging.dicom.dose import read_dose
from twin.imaging.dicom.file import Source, is_dicom, quiet, read
from twin.imaging.dicom.gather import gathered
from twin.imaging.dicom.pixels import stored
from twin.imaging.dicom.plan import prescription
from twin.imaging.dicom.rtstruct import read_structures
from twin.imaging.survey import inspect_source
from twin.progress import SILENT

SHIPPED = Path(pydicom.__file__).parent / "data" / "test_files"
FILES = sorted(p for p in SHIPPED.rglob("*") if p.is_file() and is_dicom(p))


@pytest.fixture(scope="module", autouse=True)
def _shipped():
    if not FILES:
        pytest.skip("this pydicom was installed without its test files")


def source(name: str) -> Source:
    return Source(SHIPPED / name, name)


def test_all_of_them_together_are_read_without_a_traceback(tmp_path):
    for number, path in enumerate(FILES):
        shutil.copy(path, tmp_path / f"{number:03d}")
    with quiet(), gathered(tmp_path) as found:
        contents = read_contents(found, True, SILENT)
    assert contents.files == len(FILES) > 100
    with pytest.raises(DataRefused, match="mixes"):
        import_study(tmp_path, tmp_path / "case")


@pytest.mark.parametrize("path", [p for p in FILES if "dicomdirtests" not in str(p)], ids=lambda p: p.name)
def test_each_alone_is_read_or_refused_in_words(path, tmp_path):
    with quiet():
        try:
            stored(read(Source(path, path.name), pixels=True), Source(path, path.name))
        except DataRefused as refusal:
            assert str(refusal).count("\n") >= 1
    with pytest.raises(OncotwinError) as refused:
        import_study(path, tmp_path / "case")
    assert refused.value.remedy


@pytest.mark.parametrize(
    "name",
    [
        "MR_small_RLE.dcm",
        "MR_small_bigendian.dcm",
        "MR_small_expb.dcm",
        "MR_small_implicit.dcm",
        "MR_small_jp2klossless.dcm",
        "MR_small_jpeg_ls_lossless.dcm",
        "MR_small_padded.dcm",
    ],
)
def test_one_image_in_every_encoding_has_the_same_pixels(name):
    with quiet():
        plain = stored(read(source("MR_small.dcm"), pixels=True), source("MR_small.dcm"))
        other = stored(read(source(name), pixels=True), source(name))
    assert np.array_equal(plain, other) and plain.min() < plain.max()


@pytest.mark.parametrize("name", ["rtdose.dcm", "rtdose_1frame.dcm", "rtdose_expb.dcm", "rtdose_rle.dcm"])
def test_doses_in_every_encoding(name, tmp_path):
    with pytest.raises(DataRefused, match="other units than Gy: 'RELATIVE'"):
        read_dose(source(name))
    with quiet():
        given = pydicom.dcmread(SHIPPED / name)
        given.DoseUnits = "GY"
        given.save_as(tmp_path / name)
        highest = float((given.pixel_array * float(given.DoseGridScaling)).max())
    dose = read_dose(Source(tmp_path / name, name))
    assert dose.max_gy == pytest.approx(highest) and dose.gy.size == given.pixel_array.size


def test_an_rtplan_and_an_rtstruct():
    plan = source("rtplan.dcm")
    with quiet():
        found = prescription(read(plan), plan)
    assert (found.fractions, found.total_gy) == (30, pytest.approx(30.826203))
    structures = read_structures(source("rtstruct.dcm"))
    assert [r.name for r in structures.regions] == ["patient"]
    assert structures.empty == ("Isocenter 1", "Isocenter 2")


@pytest.mark.parametrize("package", [pydicom, highdicom], ids=lambda p: p.__name__)
def test_inspect_says_of_every_file_what_it_is(package):
    """Also of those that are no DICOM file. As installed, highdicom ships none: its own lie in its repository."""
    places = [Path(package.__file__).parent / "data", Path(package.__file__).parents[2] / "data/test_files"]
    files = sorted(p for place in places for p in place.rglob("*") if p.is_file() and p.suffix not in (".py", ".pyc"))
    if not files:
        pytest.skip(f"this {package.__name__} was installed without test files")
    for path in files:
        found = inspect_source(path)
        assert found.problems, path
        for problem in found.problems:
            assert problem.what and problem.remedy, path
            assert problem.why or "no DICOM file and no other image" in problem.what, path


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("rtstruct.dcm", "1 file with outlines (RTSTRUCT), without the images that belong to it"),
        ("rtplan.dcm", "1 plan (RTPLAN), without the images"),
        ("dicomdirtests/DICOMDIR", "a DICOMDIR is only the list of a disc"),
        ("examples_rgb_color.dcm", "ultrasound"),
        ("dicomdirtests/77654033/CR1/6154", "a radiograph, not slices"),
        ("waveform_ecg.dcm", "curves, not images"),
        ("JPEG2000.dcm", "of these, only PET is read"),
        ("MR_small.dcm", "1 slice: not a volume"),
    ],
)
def test_what_is_no_volume_is_told_in_a_radiologists_words(name, words):
    (problem,) = inspect_source(SHIPPED / name).problems
    assert words in problem.why


def test_a_cut_off_image_is_refused(tmp_path):
    with quiet(), pytest.raises(DataRefused, match="cut short"):
        stored(read(source("MR_truncated.dcm"), pixels=True), source("MR_truncated.dcm"))


def test_dicomdir_folders_are_read_as_folders(tmp_path):
    folder = SHIPPED / "dicomdirtests"
    if not folder.is_dir():
        pytest.skip("no DICOMDIR examples")
    with tarfile.open(tmp_path / "media.tgz", "w:gz") as archive:
        archive.add(folder, "media")
    with quiet(), gathered(tmp_path / "media.tgz") as found:
        contents = read_contents(found, True, SILENT)
    assert contents.files >= 30 and len(contents.people) >= 2
