"""`inspect` on what a hospital has, before there is a case: it says what is there and what is wrong, and keeps nothing."""

from __future__ import annotations

import io
import json
import tarfile
import zipfile

import numpy as np
import pytest
from typer.testing import CliRunner

from scenarios.cli.app import app
from tests.twin.case.folders import GRID, adc, brain, segmentation
from tests.twin.imaging.dicom import studies
from tests.twin.imaging.test_bids import SESSIONS, packed, tree  # noqa: F401
from twin.imaging.dicom import import_study
from twin.imaging.survey import inspect_source, is_source
from twin.imaging.write import write_image


@pytest.fixture(scope="module")
def pacs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pacs")
    datasets = studies.baseline_study(studies.head())
    del datasets[12], datasets[15]
    studies.shuffled(datasets, folder)
    return folder


def inspect(*words: object):
    return CliRunner().invoke(app, ["inspect", *map(str, words)])


def test_a_dicom_folder_and_its_archives_are_told_alike(pacs, tmp_path):
    with zipfile.ZipFile(tmp_path / "study.zip", "w") as archive, tarfile.open(tmp_path / "study.tar", "w") as tape:
        for path in sorted(p for p in pacs.rglob("*") if p.is_file()):
            archive.write(path, path.relative_to(pacs))
            tape.add(path, path.relative_to(pacs))
        archive.writestr("../evil", b"")
    told = [inspect(place) for place in (pacs, tmp_path / "study.zip", tmp_path / "study.tar")]
    assert {t.exit_code for t in told} == {3}
    for one in told:
        assert "2 of 20 slices missing (after slice 3, after slice 6)" in one.output.replace("\n", " ")
        assert "tumour: 'GTV' (known by its name), 12.10 mL" in one.output
        assert "a localiser" in one.output and "on which day the radiotherapy began" in one.output
        assert "`oncotwin import` makes one of it" in one.output and "Traceback" not in one.output
    assert "1 member of an archive left out, a name that points outside (1): evil" in told[1].output
    assert sorted(p.name for p in tmp_path.iterdir()) == ["study.tar", "study.zip"]


def test_a_packed_tree_says_what_was_left_out(tree, tmp_path):  # noqa: F811
    write_image(tree / "sub-01/extra/scan.nii.gz", adc(segmentation(3)), GRID)
    (tree / "link").symlink_to(tree / "sub-01")
    path = packed(tree, tmp_path / "tree.tar.gz")
    body = io.BytesIO()
    with tarfile.open(path) as old, tarfile.open(fileobj=body, mode="w:gz") as new:
        for member in old.getmembers():
            new.addfile(member, old.extractfile(member))
        evil = tarfile.TarInfo("../../evil")
        new.addfile(evil, io.BytesIO())
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        new.addfile(link)
    path.write_bytes(body.getvalue())
    lines = "\n".join(inspect_source(path).lines)
    assert "2 members of an archive left out, a name that points outside (1), a link or a device (1): evil, link" in lines
    assert "1 image not named as BIDS names them passed over: tree.tar.gz: sub-01/extra/scan.nii.gz" in lines
    assert "t1gd: " in lines and "slices of" in lines and "a segmentation: " in lines
    hidden = "\n".join(import_study(path, tmp_path / "case", mode="research").lines)
    assert "a link or a device (1)" in hidden and "evil" not in hidden and "scan" not in hidden


def test_a_tree_in_a_folder_says_what_was_passed_over(tree):  # noqa: F811
    write_image(tree / "notes/scan.nrrd", adc(segmentation(3)), GRID)
    found = inspect_source(tree)
    assert "1 image not named as BIDS names them passed over: notes/scan.nrrd" in found.lines and not found.problems


def test_images_that_no_name_explains(tmp_path):
    write_image(tmp_path / "case/T1.nii.gz", adc(segmentation(3)), GRID)
    write_image(tmp_path / "case/old/T1.nrrd", adc(segmentation(3)), GRID)
    (problem,) = inspect_source(tmp_path / "case").problems
    assert problem.what == "There is no DICOM file here, but 2 images of other formats."
    assert problem.where == "T1.nii.gz, old/T1.nrrd" and "sub-01/ses-day042/anat" in problem.remedy
    assert inspect(tmp_path / "case").exit_code == 3


@pytest.mark.parametrize("ending", [".nii.gz", ".nrrd", ".mha"])
def test_a_single_image(tmp_path, ending):
    noisy = np.random.default_rng(0).random(GRID.shape, np.float32)
    image = inspect(write_image(tmp_path / f"image{ending}", noisy, GRID), "--json")
    assert image.exit_code == 0
    (first, *others) = json.loads(image.stdout)["lines"]
    assert first.startswith(f"image{ending}: an image, values from") and "no unit is stated" in first
    assert any("stack of" in line for line in others)
    labels = inspect(write_image(tmp_path / f"mask{ending}", brain(), GRID))
    assert "a segmentation (whole numbers only): number 1 is" in labels.output
    empty = inspect(write_image(tmp_path / f"none{ending}", np.zeros(GRID.shape, np.uint8), GRID))
    assert "nothing is outlined" in empty.output


def test_an_image_that_is_damaged_and_a_file_that_is_none(tmp_path):
    (tmp_path / "x.nrrd").write_bytes(b"NRRD0004\n")
    assert "cannot be read as an image" in str(inspect_source(tmp_path / "x.nrrd").problems[0])
    (tmp_path / "x.doc").write_bytes(b"words")
    assert "no DICOM file and no other image" in str(inspect_source(tmp_path / "x.doc").problems[0])
    (tmp_path / "empty").mkdir()
    assert inspect(tmp_path / "empty").exit_code == 3
    assert "There is no case file at absent" in inspect(tmp_path / "absent").output


def test_a_case_is_no_source(tmp_path):
    (tmp_path / "case.yaml").write_text("patient: p\n")
    assert not is_source(tmp_path) and not is_source(tmp_path / "case.yaml") and not is_source(tmp_path / "absent.yaml")
