"""Bad input is refused in words: what, where, why it matters and how to mend it; exit code 3."""

from __future__ import annotations

import numpy as np
import pytest

from tests.twin.case.folders import CASE, GRID, adc, brain, good, refused, save, segmentation, spoil
from twin.case import inspect_case, load_case
from twin.errors import DataRefused
from twin.grid import Grid
from twin.imaging.write import write_image


@pytest.fixture
def folder(tmp_path):
    return good(tmp_path)


def test_the_folder_itself_is_good(folder):
    patient = load_case(folder)
    assert [v.day for v in patient.visits] == [0, 30]
    assert not inspect_case(folder).problems


def test_no_case_file(tmp_path):
    with pytest.raises(DataRefused, match="no case file") as caught:
        load_case(tmp_path)
    assert caught.value.exit_code == 3 and "oncotwin new" in caught.value.remedy


def test_missing_file(folder):
    (folder / "day0" / "adc.nii.gz").rename(folder / "day0" / "ADC.nii.gz")
    error = refused(folder, "day0/adc.nii.gz is not there", where="visit 1, adc", why="names it", remedy="capital letters")
    assert "beside it lies 'ADC.nii.gz'" in error.remedy


def test_several_missing_files_are_one_problem(folder):
    for name in ("adc", "t1gd"):
        (folder / "day30" / f"{name}.nii.gz").unlink()
    refused(
        folder, "2 files that the case names are not there", where="folder of the case", why="every image", remedy="relative"
    )


def test_unreadable_nifti(folder):
    (folder / "day0" / "adc.nii.gz").write_bytes(b"this is no image" * 100)
    refused(folder, "cannot be read as an image", where="visit 1, adc", why="damaged", remedy="export it again")


def test_a_file_cut_off_on_the_way(folder):
    path = folder / "day0" / "t1gd.nii.gz"
    path.write_bytes(path.read_bytes()[:-2000])
    refused(folder, "cannot be read", where="visit 1; day0/t1gd.nii.gz", why="damaged", remedy="cut off on the way")


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_voxels_that_are_not_numbers(folder, bad):
    values = adc(segmentation(3))
    values[0, 0, :7] = bad
    write_image(folder / "day0/adc.nii.gz", values, GRID)
    refused(folder, "7 voxels that are NaN or infinite", where="day0/adc.nii.gz", why="spreads", remedy="background value")


def test_empty_segmentation_at_the_baseline(folder):
    write_image(folder / "day0/seg.nii.gz", np.zeros(GRID.shape, np.uint8), GRID)
    refused(folder, "day0/seg.nii.gz is empty", where="visit 1", why="failed export", remedy="check the export")
    spoil(folder, "visits", 0, "segmentations", 0, "may_be_empty", value=True)
    refused(folder, "No tumour is seen", where="visit 1", why="nothing to start from", remedy="first visit")


def test_one_of_two_baseline_files_may_be_empty(folder):
    write_image(folder / "day0/none.nii.gz", np.zeros(GRID.shape, np.uint8), GRID)
    empty = {"file": "day0/none.nii.gz", "labels": {"enhancing": 1}, "may_be_empty": True}
    spoil(folder, "visits", 0, "segmentations", value=[*CASE["visits"][0]["segmentations"], empty])
    assert load_case(folder).visits[0].whole.any()


def test_a_baseline_that_is_held_out(folder):
    spoil(folder, "visits", 0, "held_out", value=True)
    refused(folder, "baseline scan is held out", where="visits, entry 1", why="starts from it", remedy="later scan")


def test_a_dose_map_in_another_unit(folder):
    write_image(folder / "dose.nii.gz", (6000.0 * brain()).astype(np.float32), GRID)
    spoil(folder, "treatments", 0, "dose_map", value={"file": "dose.nii.gz", "unit": "Gy"})
    refused(folder, "is 100 times the prescribed 60 Gy", where="dose.nii.gz", why="scaled by this map", remedy="cGy")


def test_an_empty_cavity(folder):
    write_image(folder / "cavity.nii.gz", 0 * brain(), GRID)
    spoil(folder, "treatments", value=[{"resection": "cavity.nii.gz", "on_day": 5}])
    refused(
        folder, "cavity.nii.gz is empty", where="treatments, entry 1", why="remove nothing", remedy="frame of the baseline"
    )


def test_empty_segmentation_later_may_be_stated(folder):
    write_image(folder / "day30/seg.nii.gz", np.zeros(GRID.shape, np.uint8), GRID)
    refused(folder, "day30/seg.nii.gz is empty", where="visit 2", why="failed export", remedy="may_be_empty: true")
    spoil(folder, "visits", 1, "segmentations", 0, "may_be_empty", value=True)
    assert not load_case(folder).visits[1].whole.any()


def test_segmentation_outside_the_brain(folder):
    labels = np.zeros(GRID.shape, np.uint8)
    labels[0, :4, :] = 4
    labels[2, 3, 3] = 4
    write_image(folder / "day0/seg.nii.gz", labels, GRID)
    refused(
        folder, "99 % of the segmentation day0/seg.nii.gz lies outside", where="visit 1", why="wall", remedy="left and right"
    )


def test_a_little_outside_is_a_hint(folder):
    labels = segmentation(4)
    labels[0, 5:15, 5:10] = 2
    write_image(folder / "day30/seg.nii.gz", labels, GRID)
    assert any("lies outside the tissue" in hint for hint in inspect_case(folder).hints)


def test_grids_in_different_places(folder):
    elsewhere = Grid(GRID.shape, GRID.spacing_mm, (500.0, 500.0, 500.0))
    write_image(folder / "day30/adc.nii.gz", adc(segmentation(4)), elsewhere)
    refused(folder, "do not lie in the same place", where="visit 2", why="different frames", remedy="register")


def test_a_tissue_mask_in_another_place(folder):
    write_image(folder / "brain.nii.gz", brain(), Grid(GRID.shape, GRID.spacing_mm, (500.0, 500.0, 500.0)))
    refused(folder, "do not lie in the same place", where="brain.nii.gz", why="different frames", remedy="register")


def test_visits_out_of_order(folder):
    spoil(folder, "visits", value=[*CASE["visits"], {**CASE["visits"][1], "day": 14}])
    refused(folder, "visits are out of order", where="visits, entry 3", why="shrinkage", remedy="order the visits by date")


def test_the_first_visit_is_day_zero(folder):
    spoil(folder, "visits", 0, "day", value=3)
    refused(folder, "first visit is on day 3", where="visits, entry 1", why="starts from", remedy="subtract 3")


def test_two_visits_on_one_day(folder):
    spoil(folder, "visits", 1, "day", value=0)
    refused(folder, "both on day 0", where="visits, entry 2", why="change between", remedy="one visit")


def test_a_day_that_contradicts_its_date(folder):
    spoil(folder, "visits", 0, "date", value="2026-01-05")
    spoil(folder, "visits", 1, "date", value="2026-03-05")
    refused(folder, "59 days after", where="visits, entry 2", why="intervals", remedy="write only the date")


def test_adc_without_a_unit(folder):
    spoil(folder, "visits", 0, "images", "adc", value="day0/adc.nii.gz")
    refused(folder, "(adc) has no unit", where="visits, entry 1, images", why="never guessed", remedy="unit: 1e-6 mm2/s")


def test_adc_with_an_unknown_unit(folder):
    spoil(folder, "visits", 0, "images", "adc", "unit", value="furlongs")
    refused(folder, "unit 'furlongs'", where="visits, entry 1", why="misread", remedy="1e-6 mm2/s")


def test_adc_with_a_wrong_unit(folder):
    spoil(folder, "visits", 0, "images", "adc", "unit", value="1e-3 mm2/s")
    refused(folder, "median ADC", where="visit 1", why="the unit is wrong", remedy="declare it")


def test_a_label_number_without_a_name(folder):
    labels = segmentation(3)
    labels[6, 12, 10] = 3
    write_image(folder / "day0/seg.nii.gz", labels, GRID)
    refused(folder, "holds the label 3", where="day0/seg.nii.gz", why="different conventions", remedy="`ignore:`")
    spoil(folder, "visits", 0, "segmentations", 0, "ignore", value=[3])
    assert load_case(folder)


def test_a_label_that_another_preset_knows(folder):
    labels = segmentation(3)
    labels[labels == 4] = 3
    write_image(folder / "day0/seg.nii.gz", labels, GRID)
    error = refused(folder, "holds the label 3", where="day0/seg.nii.gz", why="conventions", remedy="brats2023")
    assert "brats2021" not in error.remedy


def test_unknown_region(folder):
    spoil(folder, "visits", 0, "segmentations", value=[{"file": "day0/seg.nii.gz", "labels": {"enhancin": 4}}])
    refused(
        folder,
        "region 'enhancin' is unknown. Did you mean 'enhancing'?",
        where="segmentations",
        why="shows",
        remedy="oedema",
    )


def test_unknown_preset(folder):
    spoil(folder, "visits", 0, "segmentations", 0, "preset", value="brats2025")
    refused(folder, "no label preset called 'brats2025'. Did you mean", where="preset", why="conventions", remedy="gliodil")


def test_unknown_role(folder):
    spoil(folder, "visits", 0, "images", "t1ce", value="day0/t1gd.nii.gz")
    refused(folder, "image role 't1ce' is unknown. Did you mean 't1gd'?", where="images", why="shows", remedy="flair")


def test_unknown_key(folder):
    spoil(folder, "tissue", "maks", value="brain.nii.gz")
    refused(
        folder, "key 'maks' is unknown. Did you mean 'mask'?", where="case.yaml: tissue", why="misread", remedy="threshold"
    )


def test_unknown_key_of_a_treatment(folder):
    spoil(folder, "treatments", 0, "fraction", value=30)
    refused(
        folder,
        "'fraction' is unknown. Did you mean 'fractions'?",
        where="treatments, entry 1",
        why="misread",
        remedy="from_day",
    )


def test_a_key_written_twice(folder):
    text = (folder / "case.yaml").read_text()
    save(folder, text + "site: breast\n")
    refused(folder, "'site' is written twice", where="case.yaml", why="misread", remedy="line")


def test_yaml_that_is_none(folder):
    save(folder, "visits: [}")
    refused(folder, "not valid YAML", where="case.yaml", why="misread", remedy="indentation")


def test_a_missing_key(folder):
    spoil(folder, "tissue", remove=True)
    refused(folder, "'tissue' is missing", where="case.yaml", why="default", remedy="mask: brain_mask.nii.gz")


def test_a_path_that_leaves_the_folder(folder):
    spoil(folder, "tissue", "mask", value="../brain.nii.gz")
    refused(folder, "leaves the folder", where="tissue, mask", why="misread", remedy="put case.yaml above")


def test_unknown_drug(folder):
    spoil(folder, "treatments", 1, "drug", value="temozolamide")
    refused(folder, "Did you mean 'temozolomide'?", where="treatments, entry 2", why="decay", remedy="modelled: false")


def test_a_dose_without_a_unit(folder):
    spoil(folder, "treatments", 1, "amount", value=75)
    refused(folder, "The dose 75 has no unit", where="treatments, entry 2", why="misread", remedy="75 mg/m2")


@pytest.mark.parametrize(
    ("path", "value", "what", "remedy"),
    [
        (("visits",), [], "holds 0 of at least 1", "add what is missing"),
        (("visits", 1, "day"), "thirty", "'thirty' is not a number", "write a number"),
        (("visits", 1, "held_out"), "perhaps", "'perhaps' is neither true nor false", "write true or false"),
        (("treatments", 1, "every_days"), 0, "0 is too small", "write 1 or more"),
        (("treatments", 1, "amount"), "75 Gy", "Temozolomide is given in mg/m2, not in Gy", "correct it in case.yaml"),
    ],
)
def test_a_value_of_another_kind(folder, path, value, what, remedy):
    spoil(folder, *path, value=value)
    error = refused(folder, what, where="case.yaml", why="misread", remedy=remedy)
    assert len(str(error)) < 400, "the whole entry is quoted"


def test_a_dose_before_day_zero(folder):
    spoil(folder, "treatments", 1, remove=True)
    spoil(folder, "treatments", 0, "from_day", value=-5)
    refused(
        folder, "before day 0", where="treatments, entry 1", why="silently leave the dose out", remedy="correct the date"
    )


def test_a_treatment_date_without_any_scan_date(folder):
    spoil(folder, "treatments", 0, value={"radiotherapy": "60 Gy", "fractions": 30, "from_date": "2026-02-02"})
    spoil(folder, "treatments", 1, remove=True)
    refused(folder, "date of day 0 is not known", where="treatments, entry 1", why="days between", remedy="day0: YYYY-MM-DD")


def test_listed_fractions_that_do_not_add_up(folder):
    course = {"radiotherapy": "60 Gy", "fractions": [{"day": 35, "gy": 2.0}, {"day": 36, "gy": 2.0}]}
    spoil(folder, "treatments", value=[course])
    refused(folder, "add up to 4 Gy", where="treatments, entry 1", why="misread", remedy="correct one")


def test_what_is_no_treatment(folder):
    spoil(folder, "treatments", value=[{"homeopathy": "D30"}])
    refused(folder, "treatment is `radiotherapy: 60 Gy`", where="treatments, entry 1", why="misread", remedy="case.yaml")


def test_a_probability_is_no_label_file(folder):
    write_image(folder / "day0/seg.nii.gz", (segmentation(3) / 7).astype(np.float32), GRID)
    refused(folder, "not whole", where="day0/seg.nii.gz", why="threshold would have to be guessed", remedy="threshold it")


def test_cell_fractions_above_one(folder):
    write_image(folder / "day0/u.nii.gz", 40 * brain().astype(np.float32), GRID)
    spoil(folder, "visits", 0, "images", "cell_fraction", value="day0/u.nii.gz")
    refused(folder, "from 0 to 40", where="visit 1", why="carrying capacity", remedy="check the unit")
    spoil(folder, "visits", 0, "images", "cell_fraction", value={"file": "day0/u.nii.gz", "unit": "percent"})
    assert float(load_case(folder).visits[0].images["cell_fraction"].max()) == pytest.approx(0.4)


def test_an_empty_tissue(folder):
    write_image(folder / "brain.nii.gz", 0 * brain(), GRID)
    refused(folder, "mask brain.nii.gz is empty", where="tissue", why="cannot grow", remedy="baseline scan")


def test_every_problem_is_told_at_once(folder):
    (folder / "day0" / "t1gd.nii.gz").unlink()
    spoil(folder, "visits", 1, "day", value=0)
    spoil(folder, "treatments", 0, "from_day", value=-40)
    error = refused(
        folder, "problems were found in case.yaml", where="case.yaml", why="mislead", remedy="in this order", count=4
    )
    for words in ("1. ", "2. ", "3. ", "both on day 0", "t1gd.nii.gz is not there", "before day 0"):
        assert words in error.what
