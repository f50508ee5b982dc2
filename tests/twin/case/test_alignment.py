"""Visits on other grids and in other positions are brought onto the baseline scan, and the report is told."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from tests.twin.case.folders import CASE, GRID, adc, brain, good, refused, save, segmentation, spoil
from twin.case import inspect_case, load_case
from twin.fields import block_mean
from twin.geometry.measure import volume_ml
from twin.grid import Grid
from twin.imaging.image import Image
from twin.imaging.mni152 import load_mni152
from twin.imaging.resample import coverage, resample, resample_density, resample_dose
from twin.imaging.write import write_image

THICK = Grid((6, 24, 20), (4.0, 1.5, 1.5), (10.0, -20.0, 6.0))


@pytest.fixture
def folder(tmp_path):
    return good(tmp_path)


def test_a_linear_image_is_resampled_exactly():
    z, y, x = np.meshgrid(*[np.arange(n) * h for n, h in zip(GRID.shape, GRID.spacing_mm, strict=True)], indexing="ij")
    slope = (2 * x - 3 * y + z).astype(np.float32)
    values = resample(Image(slope, GRID), THICK)
    expected = block_mean(slope, 1).reshape(6, 2, 24, 20).mean(axis=1)
    np.testing.assert_allclose(values, expected, atol=1e-4)


def test_labels_stay_labels():
    values = resample(Image(segmentation(4).astype(np.uint16), GRID), THICK, labels=True)
    assert set(np.unique(values)) <= {0, 1, 2, 4}
    assert volume_ml(values > 0, THICK) == pytest.approx(volume_ml(segmentation(4) > 0, GRID), rel=0.15)


@pytest.mark.parametrize("grid", [THICK, Grid((30, 60, 52), (0.8, 0.6, 0.6), (10.0, -20.0, 5.0)), GRID.coarsen(2)])
def test_cells_are_conserved_on_any_grid(grid):
    cells = ndimage.gaussian_filter((segmentation(4) > 0).astype(np.float32), 1)
    amount = cells.sum() * GRID.voxel_ml
    assert resample_density(Image(cells, GRID), grid).sum() * grid.voxel_ml == pytest.approx(amount, rel=1e-5)
    turn = sitk.Euler3DTransform(GRID.index_to_mm(np.array([6.0, 12, 10])).tolist(), 0.1, 0.0, 0.2)
    turned = resample_density(Image(cells, GRID), grid, transform=turn, inverse=turn.GetInverse())
    assert turned.sum() * grid.voxel_ml == pytest.approx(amount, rel=1e-3)


def test_the_hot_spot_of_a_dose_is_not_lost_between_thick_slices():
    dose = np.full(GRID.shape, 50.0, np.float32)
    dose[6, 12, 10] = 63.0
    assert resample_dose(Image(dose, GRID), THICK).max() > 60.5 > resample(Image(dose, GRID), THICK).max()
    assert resample_dose(Image(dose, GRID), THICK).min() == pytest.approx(50)
    assert resample_dose(Image(dose, GRID), GRID) is dose


def test_a_bias_field_is_taken_out_where_the_case_asks(folder, monkeypatch):
    import twin.case.visits as visits

    seen = []
    monkeypatch.setattr(visits, "correct_bias", lambda image: seen.append(image.source) or image)
    load_case(folder)
    assert not seen
    spoil(folder, "bias_correction", value="n4")
    load_case(folder)
    assert seen == ["day0/t1gd.nii.gz", "day30/t1gd.nii.gz"]


def test_the_own_grid_is_left_untouched():
    values = segmentation(4)
    assert resample(Image(values, GRID), GRID, labels=True) is values


def test_coverage_counts_the_share_inside_the_field_of_view():
    half = Grid((6, 24, 20), GRID.spacing_mm, GRID.origin_mm)
    assert coverage(half, GRID, np.ones(GRID.shape, bool)) == pytest.approx(0.5)
    assert coverage(GRID, GRID, np.ones(GRID.shape, bool)) == 1.0


def test_a_visit_on_another_grid_is_resampled_and_says_so(folder):
    labels = np.where(block_mean((segmentation(4) > 0).astype(float), 1).reshape(6, 2, 24, 20).mean(1) > 0.5, 4, 0)
    write_image(folder / "day30/seg.nii.gz", labels.astype(np.uint8), THICK)
    write_image(folder / "day30/adc.nii.gz", adc(labels), THICK)
    spoil(folder, "visits", 1, "images", "t1gd", remove=True)
    patient = load_case(folder)
    visit = patient.visits[1]
    assert visit.alignment == "resampled onto the baseline grid from voxels of 1.5 x 1.5 x 4 mm"
    assert visit.images["adc"].shape == patient.grid.shape == visit.regions["enhancing"].shape
    assert volume_ml(visit.whole, patient.grid) == pytest.approx(volume_ml(labels > 0, THICK), rel=0.08)
    assert patient.visits[0].alignment == "on the baseline grid as given"


def test_what_an_adc_map_does_not_cover_holds_no_cells(folder):
    low = Grid((8, 24, 20), GRID.spacing_mm, GRID.origin_mm)
    write_image(folder / "day30/adc.nii.gz", adc(segmentation(4))[:8], low)
    found = inspect_case(folder)
    assert any("covers" in hint and "day30/adc.nii.gz" in hint for hint in found.hints)
    assert float(load_case(folder).visits[1].images["adc"].values[-1].min()) == pytest.approx(2.5e-3)


def test_the_crop_keeps_every_voxel_in_its_place(folder):
    small = brain()
    small[:, :, 14:] = 0
    write_image(folder / "brain.nii.gz", small, GRID)
    spoil(folder, "crop", value=False)
    whole = load_case(folder)
    spoil(folder, "crop", value=True)
    cropped = load_case(folder)
    assert cropped.grid.shape != whole.grid.shape
    for patient in (whole, cropped):
        where = np.argwhere(patient.visits[0].whole).mean(axis=0)
        np.testing.assert_allclose(patient.grid.index_to_mm(where), GRID.index_to_mm(np.array([5.5, 11.5, 9.5])))
    assert volume_ml(whole.medium.domain, whole.grid) == volume_ml(cropped.medium.domain, cropped.grid)


@pytest.fixture(scope="module")
def heads(tmp_path_factory):
    """Two scans of one head that lay 6 mm further left and turned by 5 degrees at the second."""
    import SimpleITK as sitk

    template = load_mni152()
    grid = template.grid.coarsen(4)
    t1, white = (block_mean(f.astype(np.float32), 4) for f in (template.t1, template.white + template.grey))
    labels = np.zeros(grid.shape, np.uint8)
    labels[24:30, 30:36, 30:36] = 1
    folder = tmp_path_factory.mktemp("heads")
    middle = grid.index_to_mm((np.array(grid.shape) - 1) / 2).tolist()
    motion = sitk.Euler3DTransform(middle, 0.0, 0.0, np.radians(5.0), (6.0, 0.0, 0.0))
    for day, transform in ((0, None), (30, motion)):
        write_image(folder / f"day{day}/t1.nii.gz", resample(Image(t1, grid), grid, transform=transform), grid)
        moved = resample(Image(labels, grid), grid, labels=True, transform=transform)
        write_image(folder / f"day{day}/seg.nii.gz", moved, grid)
    write_image(folder / "brain.nii.gz", (white > 0.5).astype(np.uint8), grid)
    visits = [
        {
            "day": d,
            "images": {"t1": f"day{d}/t1.nii.gz"},
            "segmentations": [{"file": f"day{d}/seg.nii.gz", "labels": {"tumour": 1}}],
        }
        for d in (0, 30)
    ]
    save(folder, {"patient": "head", "visits": visits, "tissue": {"mask": "brain.nii.gz"}})
    return folder


def overlap(patient) -> float:
    a, b = (v.whole for v in patient.visits)
    return 2 * (a & b).sum() / (a.sum() + b.sum())


def test_rigid_registration_brings_a_moved_scan_back(heads):
    spoil(heads, "registration", value="none")
    assert overlap(load_case(heads)) < 0.7
    spoil(heads, "registration", value="rigid")
    patient = load_case(heads)
    assert overlap(patient) > 0.85
    assert patient.visits[1].alignment.startswith("rigidly registered to the baseline on t1 (moved ")
    assert "turned 5." in patient.visits[1].alignment or "turned 4.9" in patient.visits[1].alignment
    assert patient.visits[0].alignment == "on the baseline grid as given"


def test_registration_leaves_out_both_tumours_and_what_is_near_them(folder, monkeypatch):
    import twin.case.alignment as alignment

    seen = []
    true = alignment.register

    def watched(fixed, moving, kind, **named):
        seen.append((kind, named))
        return true(fixed, fixed, "rigid")

    monkeypatch.setattr(alignment, "register", watched)
    spoil(folder, "registration", value="affine")
    patient = load_case(folder)
    ((kind, named),) = seen
    assert kind == "affine" and named["landmarks"] is None
    for key, radius in (("ignore", 3), ("ignore_moving", 4)):
        tumour = segmentation(radius) > 0
        assert named[key][tumour].all() and named[key].sum() > 3 * tumour.sum() and not named[key].all()
    assert "affine registration on t1gd found no better position" in patient.visits[1].alignment


def test_landmarks_measure_a_registration_and_can_refuse_it(heads):
    places = [[0.0, 0.0, 20.0], [30.0, -10.0, 10.0], [-20.0, 20.0, 0.0]]
    spoil(heads, "registration", value="rigid")
    spoil(heads, "visits", 0, "landmarks", value=places)
    spoil(heads, "visits", 1, "landmarks", value=places[:2])
    refused(heads, "2 landmarks are named here and 3", where="visit 2", why="same place", remedy="same order")
    spoil(heads, "visits", 1, "landmarks", value=[[x + 30, y, z] for x, y, z in places])
    refused(heads, "landmarks are", where="visit 2", why="wrong place", remedy="same patient")
    spoil(heads, "visits", 0, "landmarks", remove=True)
    spoil(heads, "visits", 1, "landmarks", remove=True)


def test_registration_needs_an_image_in_common(folder):
    spoil(folder, "visits", 1, "images", value={"flair": "day30/t1gd.nii.gz"})
    spoil(folder, "registration", value="rigid")
    refused(folder, "no anatomical image in common", where="visit 2", why="what both show", remedy="registration: none")


def test_cell_counts_become_fractions_by_theta_or_by_capacity(folder):
    voxel_mm3 = GRID.voxel_ml * 1000
    counts = (1000.0 * voxel_mm3 * (segmentation(3) > 0)).astype(np.float32)
    write_image(folder / "day0/cells.nii.gz", counts, GRID)
    spoil(folder, "visits", 0, "images", "cell_count", value={"file": "day0/cells.nii.gz", "unit": "cells/voxel"})
    spoil(folder, "cellularity", value={"theta_per_mm3": 2000})
    assert float(load_case(folder).visits[0].images["cell_fraction"].max()) == pytest.approx(0.5)
    spoil(folder, "cellularity", value={"carrying_capacity_per_voxel": 4000 * voxel_mm3})
    patient = load_case(folder)
    assert float(patient.visits[0].images["cell_fraction"].max()) == pytest.approx(0.25)
    assert patient.cellularity.theta_per_mm3 == pytest.approx(4000)


def test_counts_a_little_above_the_capacity_are_set_to_it_and_noted(folder):
    counts = np.where(segmentation(3) > 0, 2100.0, 0.0).astype(np.float32)
    write_image(folder / "day0/cells.nii.gz", counts, GRID)
    spoil(folder, "visits", 0, "images", "cell_count", value={"file": "day0/cells.nii.gz", "unit": "cells/mm3"})
    spoil(folder, "cellularity", value={"theta_per_mm3": 2000})
    patient = load_case(folder)
    assert float(patient.visits[0].images["cell_fraction"].max()) == 1.0
    assert any("216 voxels above the carrying capacity (up to 1.05)" in note for note in patient.notes)


def test_without_segmentation_the_tumour_is_where_cells_are(folder):
    fraction = (0.4 * (segmentation(3) > 0)).astype(np.float32)
    for day in (0, 30):
        write_image(folder / f"day{day}/u.nii.gz", fraction, GRID)
    save(folder, {**CASE, "visits": [{"day": d, "images": {"cell_fraction": f"day{d}/u.nii.gz"}} for d in (0, 30)]})
    patient = load_case(folder)
    assert patient.visits[0].whole.sum() == (fraction > 0).sum()
    assert any("no segmentation was given" in note for note in patient.notes)


TISSUES = (brain() * 2).astype(np.uint8)
TISSUES[:, :12] = np.minimum(TISSUES[:, :12], 1)


def test_tissue_from_labels_keeps_the_order_and_fills_the_unlabelled(folder):
    labels = TISSUES.copy()
    labels[segmentation(3) > 0] = 0
    write_image(folder / "tissue.nii.gz", labels, GRID)
    tissue = {
        "mask": "brain.nii.gz",
        "labels": "tissue.nii.gz",
        "names": {"grandular": 2, "fat": 1},
        "unlabelled": "grandular",
    }
    spoil(folder, "tissue", value=tissue)
    medium = load_case(folder).medium
    assert medium.tissues == ("grandular", "fat")
    assert medium.domain.sum() == brain().sum()
    np.testing.assert_array_equal(sum(medium.fractions.values())[medium.domain], 1.0)


def test_a_tissue_label_that_is_not_there(folder):
    write_image(folder / "tissue.nii.gz", TISSUES, GRID)
    spoil(folder, "tissue", value={"labels": "tissue.nii.gz", "names": {"fat": 7}})
    refused(folder, "tissue fat has no voxel", where="tissue", why="conventions", remedy="the file holds 0, 1, 2")


def test_a_skull_stripped_image_is_a_mask_and_a_probability_is_none(folder):
    write_image(folder / "brain.nii.gz", (73.5 * brain()).astype(np.float32), GRID)
    assert load_case(folder).medium.domain.sum() == brain().sum()
    write_image(folder / "brain.nii.gz", (0.5 * brain()).astype(np.float32), GRID)
    refused(folder, "is a probability", where="tissue, mask", why="smallest probability", remedy="maps")


def test_tissue_from_maps_needs_their_unit(folder):
    for name, share in (("white", 150), ("grey", 105)):
        write_image(folder / f"{name}.nii.gz", (share * brain()).astype(np.uint8), GRID)
    spoil(folder, "tissue", value={"maps": {"white": "white.nii.gz", "grey": "grey.nii.gz"}})
    refused(folder, "runs from 0 to 150", where="white.nii.gz", why="never guessed", remedy="0-255")
    spoil(folder, "tissue", "unit", value="0-255")
    medium = load_case(folder).medium
    assert medium.tissues == ("white", "grey")
    assert float(medium.fractions["white"].max()) == pytest.approx(150 / 255, abs=1e-5)


def test_tissue_from_the_template(tmp_path):
    template = load_mni152()
    box = (slice(60, 120, 1), slice(60, 120), slice(60, 120))
    grid = template.grid.crop(box)
    labels = np.zeros(grid.shape, np.uint8)
    labels[20:40, 20:40, 20:40] = 1
    write_image(tmp_path / "seg.nii.gz", labels, grid)
    save(
        tmp_path,
        {
            "patient": "mni",
            "visits": [{"day": 0, "segmentations": [{"file": "seg.nii.gz", "labels": {"tumour": 1}}]}],
            "tissue": {"preset": "mni152"},
            "crop": False,
        },
    )
    medium = load_case(tmp_path).medium
    assert medium.tissues == ("white", "grey")
    total = template.white[box] + template.grey[box]
    np.testing.assert_array_equal(medium.domain, total >= 0.5)
