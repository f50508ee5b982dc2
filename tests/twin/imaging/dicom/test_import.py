"""A PACS export in realistic disorder comes back voxel for voxel, in place, with its labels, dose and dates."""

from __future__ import annotations

import datetime
import json
import zipfile
from dataclasses import replace

import numpy as np
import pytest
import yaml

from tests.twin.imaging.dicom import studies
from twin.case import load_case
from twin.errors import DataRefused, UsageError
from twin.imaging.dicom import import_study, phantom
from twin.imaging.dicom.phantom import Exam
from twin.imaging.read import read_image

START = {"radiotherapy": {"from_date": "2026-01-19"}}
WITHIN_MM = 0.01


@pytest.fixture(scope="module")
def patients():
    return studies.head(), studies.head(18.0, (2.0, 3.0, -6.0))


@pytest.fixture(scope="module")
def pacs(tmp_path_factory, patients):
    """Two dates, seven series, shuffled, with duplicates and foreign files."""
    folder = tmp_path_factory.mktemp("pacs")
    datasets = studies.baseline_study(patients[0]) + studies.follow_up_study(patients[1])
    studies.shuffled(datasets, folder)
    studies.shuffled(datasets[12:20], folder / "again")
    (folder / "AUTORUN.INF").write_text("[autorun]")
    (folder / "viewer.exe").write_bytes(b"MZ" + bytes(300))
    return folder


@pytest.fixture(scope="module")
def imported(pacs, tmp_path_factory):
    out = tmp_path_factory.mktemp("out") / "case"
    return import_study(pacs, out, START)


def furthest(one, other) -> float:
    corners = np.array(np.meshgrid(*[(0, n - 1) for n in one.shape], indexing="ij")).reshape(3, -1).T
    return float(np.abs(one.index_to_mm(corners) - other.index_to_mm(corners)).max())


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("day000/t1gd", lambda p: p[0].t1),
        ("day000/flair", lambda p: p[0].t1 // 2),
        ("day000/adc", lambda p: p[0].adc),
        ("day000/tumour", lambda p: p[0].tumour),
        ("day000/tissue", lambda p: p[0].brain),
        ("day042/t1gd", lambda p: p[1].t1),
        ("day042/tumour", lambda p: p[1].tumour),
    ],
)
def test_every_voxel_and_place_comes_back(imported, patients, name, values):
    image = read_image(imported.out / f"{name}.nii.gz")
    assert np.array_equal(image.values, values(patients))
    assert furthest(image.grid, patients[name.startswith("day042")].grid) < WITHIN_MM


def test_the_case_loads_with_visits_regions_and_radiotherapy(imported, patients):
    patient = load_case(imported.out)
    assert [v.day for v in patient.visits] == [0, 42]
    assert int(patient.visits[0].regions["tumour"].sum()) == int((patients[0].tumour & patients[0].brain).sum())
    adc = patient.visits[0].images["adc"]
    assert adc.attrs["units"] == "mm2/s" and float(adc.max()) == pytest.approx(1.2e-3)
    course = patient.treatments.courses[0]
    assert (course.total_gy, len(course.fractions), course.fractions[0].day) == (60.0, 30, 14.0)
    inside = patient.visits[0].regions["tumour"]
    assert course.relative_dose[inside].mean() == pytest.approx(1.0, abs=1e-3)


def test_the_report_says_what_is_there_and_what_was_set_aside(imported):
    words = "\n".join(imported.lines)
    assert imported.complete, imported.problems
    for expected in (
        "2 other files passed over",
        "8 duplicate slices left out",
        "oblique axial (9 degrees)",
        "series 1 (MR, localizer): a localiser",
        "a screenshot",
        "'OpticChiasm'",
        "different frames of reference",
        "60 Gy in 30 fractions, from day 14",
    ):
        assert expected in words
    assert json.loads((imported.out / "import.json").read_text())["complete"] is True


def test_what_no_tag_says_is_asked(pacs, tmp_path):
    report = import_study(pacs, tmp_path / "case")
    assert [p.what for p in report.problems] == ["The study does not say on which day the radiotherapy began."]
    assert "from_date: YYYY-MM-DD" in (tmp_path / "case/mapping.yaml").read_text()
    assert "treatments" not in yaml.safe_load((tmp_path / "case/case.yaml").read_text())


def test_an_adc_without_a_unit_is_asked_for_and_never_guessed(tmp_path, patients):
    datasets = studies.baseline_study(patients[0])
    for one in datasets:
        if "RealWorldValueMappingSequence" in one:
            del one.RealWorldValueMappingSequence
    studies.shuffled(datasets, tmp_path / "pacs")
    asked = import_study(tmp_path / "pacs", tmp_path / "asked", START)
    assert "unit of the ADC map" in asked.problems[0].what
    assert "adc" not in yaml.safe_load((tmp_path / "asked/case.yaml").read_text())["visits"][0]["images"]
    told = import_study(tmp_path / "pacs", tmp_path / "told", {**START, "adc_unit": "1e-6 mm2/s"})
    assert told.complete
    assert yaml.safe_load((tmp_path / "told/case.yaml").read_text())["visits"][0]["images"]["adc"]["unit"] == "1e-6 mm2/s"


def test_a_brain_drawn_around_the_tumour_is_made_whole(tmp_path, patients):
    """A label map has one label a voxel: its brain has a hole where the tumour is."""
    datasets = studies.baseline_study(patients[0])
    datasets = [d for d in datasets if d.Modality != "RTSTRUCT"]
    t1 = next(d for d in datasets if d.get("SeriesNumber") == 3)
    tumour = patients[0].tumour & patients[0].brain
    segments = {"Brain": patients[0].brain & ~tumour, "GTV": tumour}
    datasets.append(
        phantom.segmentation(Exam(studies.BASELINE, frame="day0"), segments, patients[0].grid, 96, t1.SeriesInstanceUID)
    )
    studies.shuffled(datasets, tmp_path / "pacs")
    report = import_study(tmp_path / "pacs", tmp_path / "case", START)
    assert any("the tumour is added to it" in line for line in report.lines)
    patient = load_case(tmp_path / "case")
    assert int(patient.visits[0].regions["tumour"].sum()) == int(tumour.sum())
    assert np.array_equal(read_image(tmp_path / "case/day000/tissue.nii.gz").values > 0, patients[0].brain)


def test_unknown_outlines_are_asked_for_and_the_mapping_answers(tmp_path, patients):
    exam = Exam(studies.BASELINE)
    t1 = phantom.slices(exam, patients[0].t1, patients[0].grid, 3, SeriesDescription="t1 mprage")
    drawn = {"Struct_A": studies.contours(patients[0].tumour, patients[0].grid)}
    studies.shuffled([*t1, phantom.structures(exam, drawn, t1[0])], tmp_path / "pacs")
    asked = import_study(tmp_path / "pacs", tmp_path / "case")
    assert "No tumour is outlined" in asked.problems[0].what and "'Struct_A'" in asked.problems[0].what
    assert '"Struct_A": ignore' in (tmp_path / "case/mapping.yaml").read_text()
    told = import_study(tmp_path / "pacs", tmp_path / "case", {"regions": {"struct a": "enhancing"}}, overwrite=True)
    assert not any("outlined at the baseline" in p.what for p in told.problems)
    assert np.array_equal(read_image(tmp_path / "case/day000/enhancing.nii.gz").values, patients[0].tumour)


def test_recorded_fractions_give_the_dates(tmp_path, patients):
    exam = Exam(studies.BASELINE, frame="day0")
    datasets = studies.baseline_study(patients[0])
    plan = next(d for d in datasets if d.Modality == "RTPLAN")
    datasets += phantom.records(exam, plan.SOPInstanceUID, studies.fraction_dates()[:12])
    studies.shuffled(datasets, tmp_path / "pacs")
    report = import_study(tmp_path / "pacs", tmp_path / "case")
    assert report.complete and any("12 recorded as given" in line for line in report.lines)
    course = load_case(tmp_path / "case").treatments.courses[0]
    assert [f.day for f in course.fractions] == [(d - studies.BASELINE).days for d in studies.fraction_dates()[:12]]
    assert course.total_gy == pytest.approx(24.0)
    assert course.relative_dose.max() == pytest.approx(1.0, abs=1e-3)


def test_research_mode_moves_dates_but_no_interval(pacs, tmp_path, patients):
    report = import_study(pacs, tmp_path / "a", START, mode="research", key="site secret")
    again = import_study(pacs, tmp_path / "b", START, mode="research", key="site secret")
    dates = [v["date"] for v in yaml.safe_load((report.out / "case.yaml").read_text())["visits"]]
    assert (dates[1] - dates[0]).days == 42
    assert dates[0].weekday() == studies.BASELINE.weekday()
    assert dates[0] < studies.BASELINE - datetime.timedelta(days=360)
    assert (again.out / "case.yaml").read_text() == (report.out / "case.yaml").read_text()
    assert [v.day for v in load_case(report.out).visits] == [0, 42]


def test_a_zip_is_as_good_as_a_folder(pacs, tmp_path):
    with zipfile.ZipFile(tmp_path / "study.zip", "w") as archive:
        for path in pacs.rglob("*"):
            archive.write(path, path.relative_to(pacs))
    report = import_study(tmp_path / "study.zip", tmp_path / "case", START)
    assert report.complete and len(load_case(tmp_path / "case").visits) == 2


def test_two_patients_are_refused(tmp_path, patients):
    for number in range(2):
        exam = Exam(studies.BASELINE, person_id=f"P{number}")
        studies.shuffled(phantom.slices(exam, patients[0].t1, patients[0].grid, 3), tmp_path / f"pacs/{number}")
    with pytest.raises(DataRefused, match="mixes 2 patients"):
        import_study(tmp_path / "pacs", tmp_path / "case")
    assert not (tmp_path / "case").exists()


def test_an_empty_folder_is_refused_in_words(tmp_path):
    (tmp_path / "nothing").mkdir()
    with pytest.raises(DataRefused, match="no DICOM file and no other image"):
        import_study(tmp_path / "nothing", tmp_path / "case")
    with pytest.raises(DataRefused, match="no folder or archive"):
        import_study(tmp_path / "absent", tmp_path / "case")


def test_a_folder_that_is_there_is_not_overwritten(imported, pacs, tmp_path):
    with pytest.raises(UsageError, match="is there already"):
        import_study(pacs, imported.out, START)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/notes.txt").write_text("precious")
    with pytest.raises(UsageError):
        import_study(pacs, tmp_path / "mine", START, overwrite=True)
    assert (tmp_path / "mine/notes.txt").exists()


def test_an_interrupted_import_leaves_nothing(pacs, tmp_path, monkeypatch):
    monkeypatch.setattr("twin.imaging.dicom.study.measure", lambda volume: (_ for _ in ()).throw(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        import_study(pacs, tmp_path / "case", START)
    assert list(tmp_path.iterdir()) == []


def test_a_mapping_with_a_misspelt_key_is_refused(pacs, tmp_path):
    with pytest.raises(DataRefused, match="mapping file is not as expected"):
        import_study(pacs, tmp_path / "case", {"region": {"GTV": "tumour"}})
    with pytest.raises(UsageError, match="no mode called 'public'"):
        import_study(pacs, tmp_path / "case", mode="public")


def test_a_series_role_can_be_overruled(pacs, tmp_path):
    report = import_study(
        pacs, tmp_path / "case", {**START, "series": {"day 0, series 4": "t2", "day 0, series 5": "ignore"}}
    )
    images = yaml.safe_load((report.out / "case.yaml").read_text())["visits"][0]["images"]
    assert set(images) == {"t1gd", "t2"}


def test_of_two_series_of_one_kind_the_finer_is_taken(tmp_path, patients):
    exam, patient = Exam(studies.BASELINE), patients[0]
    fine = phantom.slices(exam, patient.t1, patient.grid, 3, SeriesDescription="t1 mprage")
    coarse_grid = replace(patient.grid, shape=(10, 28, 24), spacing_mm=(14.0, 6.0, 6.0))
    coarse = phantom.slices(exam, patient.t1[::2], coarse_grid, 2, SeriesDescription="t1 se tra")
    studies.shuffled([*fine, *coarse], tmp_path / "pacs")
    report = import_study(tmp_path / "pacs", tmp_path / "case")
    assert any("series 2" in line and "the better t1" in line for line in report.lines)
    assert read_image(tmp_path / "case/day000/t1.nii.gz").values.shape[0] == 20


def test_a_follow_up_that_shows_something_else_is_refused_when_registered(tmp_path, patients):
    """The same name, another head: the registration's own measure stops it."""
    other = studies.head(18.0, (2.0, 3.0, -6.0), seed=11)
    datasets = studies.baseline_study(patients[0]) + studies.follow_up_study(other)
    studies.shuffled(datasets, tmp_path / "pacs")
    report = import_study(tmp_path / "pacs", tmp_path / "case", START)
    with pytest.raises(DataRefused, match=r"registration of visit 2 .* failed: the images share hardly any information"):
        load_case(report.out)
