"""What `oncotwin inspect` says, in words and as JSON."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.twin.case.folders import CASE, GRID, adc, good, save, segmentation, spoil
from tests.twin.case.patients import OBLIQUE, everything
from twin.case import inspect_case, write_case, write_template
from twin.case.orientation import grid_words, oblique_degrees, plane
from twin.grid import Grid
from twin.imaging.write import write_image


@pytest.fixture
def folder(tmp_path):
    return good(tmp_path)


def test_the_words_name_visits_volumes_grid_and_treatments(folder):
    found = inspect_case(folder)
    text = "\n".join(found.lines)
    for words in (
        "Patient case-01, brain: 2 visits, 0 held out.",
        "axial stack of 12 slices of 20 x 24 voxels",
        "voxels 1.5 x 1.5 mm in the slice, 2 mm between slices (4.5 mm3)",
        "rows run to the patient's left, columns to the back, slices to the head",
        "Day 30, 30 days after the scan before",
        "enhancing: 0.25 mL",
        "whole lesion: 0.97 mL, 12 x 12 mm",
        "radiotherapy: 60 Gy in 30 fractions of 2 Gy, day 35 to 74, longest pause 3 days, the same everywhere",
        "temozolomide: 75 mg/m2, 40 doses, day 35 to 74",
        "alignment: on the baseline grid as given",
    ):
        assert words in text, f"{words!r} not in\n{text}"


def test_the_json_holds_the_same_and_is_strict(folder):
    found = inspect_case(folder).as_json()
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found["ok"] is True and found["problems"] == []
    assert found["facts"]["visits"][0]["regions"]["enhancing"]["volume_ml"] == pytest.approx(0.252)
    assert found["facts"]["total_gy"] == pytest.approx(60)
    assert "Research use only" in found["notice"]


def test_problems_are_listed_not_raised(folder):
    (folder / "day0" / "adc.nii.gz").unlink()
    found = inspect_case(folder)
    assert found.as_json()["ok"] is False
    assert [p["where"] for p in found.as_json()["problems"]] == ["visit 1, adc; day0/adc.nii.gz"]


def test_a_folder_without_a_case_is_a_problem_too(tmp_path):
    assert "no case file" in inspect_case(tmp_path).problems[0].what


def test_one_of_everything_can_be_described(tmp_path):
    text = "\n".join(inspect_case(write_case(everything(), tmp_path)).lines)
    for words in (
        "oblique: tilted by 17 degrees",
        "HELD OUT",
        "resection on day 5, margin 2.5 mm",
        "by a dose map",
        "75 to 200 mg/m2",
    ):
        assert words in text, f"{words!r} not in\n{text}"


def hints(folder) -> str:
    return "\n".join(inspect_case(folder).hints)


def test_a_short_interval_is_worth_a_look(folder):
    assert "are short" not in hints(folder)
    spoil(folder, "visits", 1, "day", value=20)
    assert "Day 0 to 20: 20 days are short; under 28 days" in hints(folder)


def test_a_jump_in_volume_is_worth_a_look(folder):
    labels = segmentation(5)
    write_image(folder / "day30/seg.nii.gz", labels, GRID)
    write_image(folder / "day30/adc.nii.gz", adc(labels), GRID)
    assert "the lesion doubles every 14 days" in hints(folder) or "doubles every 13 days" in hints(folder)


def test_doses_beyond_the_models_are_worth_a_look(folder):
    save(folder, {**CASE, "treatments": [{"radiotherapy": "96 Gy", "fractions": 4, "from_day": 35}]})
    assert "A fraction of 24 Gy" in hints(folder) and "96 Gy in all" in hints(folder)


def test_a_single_scan_is_worth_a_look(folder):
    spoil(folder, "visits", 1, "held_out", value=True)
    assert "Only 1 scan may be used for calibration" in hints(folder)


def test_a_cavity_without_an_operation_is_worth_a_look(folder):
    labels = segmentation(4)
    labels[labels == 1] = 3
    write_image(folder / "day30/seg.nii.gz", labels, GRID)
    named = {"enhancing": 4, "oedema": 2, "cavity": 3}
    spoil(folder, "visits", 1, "segmentations", value=[{"file": "day30/seg.nii.gz", "labels": named}])
    assert "no resection is listed" in hints(folder)


def test_a_tiny_lesion_and_one_at_the_border_are_worth_a_look(folder):
    labels = np.zeros(GRID.shape, np.uint8)
    labels[1, 2, 2:10] = 4
    write_image(folder / "day30/seg.nii.gz", labels, GRID)
    spoil(folder, "crop", value=True)
    assert "Day 30: the lesion has 8 voxels" in hints(folder)


def test_planes_and_tilt_in_words():
    sagittal = Grid((30, 40, 50), (3.0, 1.0, 1.0), direction=(0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, -1.0, 0.0))
    assert plane(sagittal) == "sagittal"
    assert "columns to the feet" in " ".join(grid_words(sagittal))
    assert "strongly anisotropic" in " ".join(grid_words(sagittal))
    assert oblique_degrees(OBLIQUE) == pytest.approx(np.degrees(0.3))


def test_the_template_loads_once_its_files_are_there(tmp_path):
    path = write_template(tmp_path / "new")
    text = path.read_text()
    assert text.count("#") > 25
    (problem,) = inspect_case(path).problems
    assert "7 files that the case names are not there" in problem.what
    good(tmp_path / "good")
    for day, other in ((0, "000"), (30, "028")):
        for name, target in (("t1gd", "t1gd"), ("adc", "adc"), ("seg", "segmentation")):
            source = tmp_path / "good" / f"day{day}" / f"{name}.nii.gz"
            (tmp_path / "new" / f"day{other}").mkdir(exist_ok=True)
            source.rename(tmp_path / "new" / f"day{other}" / f"{target}.nii.gz")
    (tmp_path / "good" / "brain.nii.gz").rename(tmp_path / "new" / "brain_mask.nii.gz")
    found = inspect_case(path)
    assert not found.problems, [str(p) for p in found.problems]
