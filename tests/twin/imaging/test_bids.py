"""A BIDS-like tree becomes a patient folder; what it does not say is asked."""

from __future__ import annotations

import tarfile
import zipfile

import numpy as np
import pytest

from tests.twin.case.folders import GRID, adc, brain, segmentation
from tests.twin.imaging.dicom.identity import Tokens, plant_nifti, written
from twin.case import load_case
from twin.errors import DataRefused
from twin.imaging.bids import lay_out
from twin.imaging.dicom import import_study
from twin.imaging.write import write_image

SESSIONS = "session_id\tacq_time\nses-a\t2026-01-05T09:00:00\nses-b\t2026-02-16T09:00:00\n"
NAMES = "index\tname\n0\tbackground\n1\tnecrosis\n2\tedema\n4\tenhancing\n"


@pytest.fixture
def tree(tmp_path):
    folder = tmp_path / "tree"
    for session, radius in (("a", 3), ("b", 4)):
        start = folder / f"sub-01/ses-{session}/anat/sub-01_ses-{session}"
        labels = segmentation(radius)
        write_image(start.with_name(start.name + "_ce-gd_T1w.nii.gz"), (100.0 + labels).astype(np.float32), GRID)
        write_image(start.with_name(start.name + "_adc.nii.gz"), adc(labels), GRID)
        start.with_name(start.name + "_adc.json").write_text('{"Units": "1e-6 mm2/s"}')
        write_image(start.with_name(start.name + "_dseg.nii.gz"), labels, GRID)
        start.with_name(start.name + "_dseg.tsv").write_text(NAMES)
    write_image(folder / "derivatives/sub-01/ses-a/sub-01_ses-a_desc-brain_mask.nii.gz", brain(), GRID)
    (folder / "sub-01/sub-01_sessions.tsv").write_text(SESSIONS)
    return folder


def test_a_tree_becomes_a_case(tree, tmp_path):
    report = import_study(tree, tmp_path / "case")
    assert report.complete, str(report)
    patient = load_case(tmp_path / "case")
    assert [v.day for v in patient.visits] == [0, 42] and set(patient.visits[0].images) == {"t1gd", "adc"}
    np.testing.assert_array_equal(patient.visits[1].whole.sum(), (segmentation(4) > 0).sum())
    assert patient.visits[1].regions["enhancing"].sum() == (segmentation(4) == 4).sum()


def test_what_is_not_stated_is_asked(tree, tmp_path):
    for path in tree.rglob("*.tsv"):
        path.unlink()
    for path in tree.rglob("*.json"):
        path.unlink()
    with pytest.raises(DataRefused, match="days between the sessions") as caught:
        import_study(tree, tmp_path / "case")
    assert "ses-a: ?" in caught.value.remedy
    asked = import_study(tree, tmp_path / "case", {"days": {"ses-a": 0, "ses-b": 30}})
    assert len(asked.problems) == 5 and "have no names" in asked.problems[1].what
    answers = {"days": {"a": 0, "b": 30}, "preset": "brats2021", "adc_unit": "1e-6 mm2/s"}
    assert import_study(tree, tmp_path / "case", answers, overwrite=True).complete
    with pytest.raises(DataRefused, match=r"there is no T1w|do not fit|failed"):
        import_study(tree, tmp_path / "faceless", answers, deface=True)
    (tree / "sub-02").mkdir()
    write_image(tree / "sub-02/sub-02_T1w.nii.gz", adc(segmentation(3)), GRID)
    with pytest.raises(DataRefused, match="2 subjects"):
        import_study(tree, tmp_path / "other")


def test_no_identity_of_a_header_travels(tree, tmp_path):
    own = Tokens()
    for path in tree.rglob("*.nii.gz"):
        plant_nifti(path, own)
    for path in tree.rglob("*.json"):
        path.write_text(f'{{"Units": "1e-6 mm2/s", "PatientName": "{own.new("sidecar")}"}}')
    report = import_study(tree, tmp_path / "case", mode="research")
    assert len(own.places) >= 30 and not own.found(str(report).encode())
    for name, body in written(tmp_path / "case"):
        assert not own.found(body) and b"2026-0" not in body, name


def packed(tree, path):
    with zipfile.ZipFile(path, "w") if path.suffix == ".zip" else tarfile.open(path, "w:gz") as archive:
        for file in sorted(p for p in tree.rglob("*") if p.is_file()):
            getattr(archive, "write" if path.suffix == ".zip" else "add")(file, file.relative_to(tree).as_posix())
    return path


@pytest.mark.parametrize("name", ["tree.zip", "tree.tar.gz"])
def test_a_packed_tree_is_the_tree(tree, tmp_path, name):
    import_study(tree, tmp_path / "plain")
    import_study(packed(tree, tmp_path / name), tmp_path / "case")
    assert (tmp_path / "case/case.yaml").read_bytes() == (tmp_path / "plain/case.yaml").read_bytes()
    one, other = (load_case(tmp_path / n).visits[1] for n in ("case", "plain"))
    np.testing.assert_array_equal(one.images["t1gd"].values, other.images["t1gd"].values)


def test_names_in_an_archive_become_no_path(tmp_path):
    names = [
        "../../sub-1_T1w.nii.gz",
        "a/sub-1_../x_T1w.nii",
        "a/sub-1_T1w.nii\n",
        "a/sub-\u00e9_T1w.nii",
        "a/sub-1_T1w.nii",
    ]
    members = []
    for k, name in enumerate(names):
        (tmp_path / f"{k}").write_bytes(b"")
        members.append((tmp_path / f"{k}", name))
    found = lay_out(members, tmp_path / "tree")
    laid = sorted(p.relative_to(tmp_path).as_posix() for p in found.rglob("*") if p.is_file())
    assert laid == ["tree/000000/sub-1_T1w.nii.gz", "tree/000001/sub-1_T1w.nii"]


def test_pet_needs_its_unit(tree, tmp_path):
    pet = tree / "sub-01/ses-a/pet/sub-01_ses-a_trc-FET_pet.nii.gz"
    write_image(pet, adc(segmentation(3)), GRID)
    (unknown,) = import_study(tree, tmp_path / "case").problems
    assert "unit of day000/pet.nii.gz is not stated" in unknown.what and "bq/ml" in unknown.remedy
    pet.with_name(pet.name.replace(".nii.gz", ".json")).write_text('{"Units": "Bq/mL"}')
    assert import_study(tree, tmp_path / "case", overwrite=True).complete
    assert "pet" in load_case(tmp_path / "case").visits[0].images
