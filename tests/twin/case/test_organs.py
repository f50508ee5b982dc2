"""Organs at risk and target volumes of a case."""

from __future__ import annotations

import numpy as np
import pytest

from tests.twin.case.folders import GRID, good, refused, spoil
from twin.case import load_case
from twin.grid import Grid
from twin.imaging.write import write_image


@pytest.fixture
def folder(tmp_path):
    labels = np.zeros(GRID.shape, np.uint8)
    labels[2:5, 3:9, 3:9], labels[6:9, 3:9, 3:9] = 4, 7
    write_image(tmp_path / "organs.nii.gz", labels, GRID)
    return good(tmp_path)


def test_a_mask_or_numbers_of_a_label_file(folder):
    spoil(folder, "organs", value={"brainstem": {"file": "organs.nii.gz", "labels": 7}, "both": "organs.nii.gz"})
    organs = load_case(folder).organs
    assert {name: int(mask.sum()) for name, mask in organs.items()} == {"brainstem": 108, "both": 216}
    assert all(mask.dtype == bool for mask in organs.values())


def test_an_organ_outside_the_tissue_is_not_cut_off(folder):
    wide = Grid((12, 40, 20), GRID.spacing_mm, GRID.origin_mm)
    cord = np.zeros(GRID.shape, np.uint8)
    cord[:, 0, :] = 1
    write_image(folder / "cord.nii.gz", cord, GRID)
    write_image(folder / "elsewhere.nii.gz", np.pad(cord, ((0, 0), (0, 16), (0, 0))), wide)
    spoil(folder, "organs", value={"spinal cord": "cord.nii.gz", "again": "elsewhere.nii.gz"})
    organs = load_case(folder).organs
    assert organs["spinal cord"].sum() == cord.sum()
    np.testing.assert_array_equal(organs["again"], organs["spinal cord"])


def test_an_organ_that_is_not_there_is_refused(folder):
    spoil(folder, "organs", value={"brainstem": {"file": "organs.nii.gz", "labels": 5}})
    refused(folder, "marks no voxel", where="organs, brainstem", why="neither dose nor tumour", remedy="label numbers")
    spoil(folder, "organs", value={"brainstem": "brainstem.nii.gz"})
    refused(folder, "brainstem.nii.gz is not there", where="organs, brainstem", why="names it", remedy="check")
