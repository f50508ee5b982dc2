"""Organs at risk and target volumes of a case."""

from __future__ import annotations

import numpy as np
import pytest

from tests.twin.case.folders import GRID, good, refused, spoil
from twin.case import load_case
from twin.case.totalsegmentator import CLASSES, organ_numbers
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


def test_organs_by_the_names_of_totalsegmentator(tmp_path):
    labels = np.zeros(GRID.shape, np.uint8)
    labels[2, 3:9, 3:9], labels[3, 3:9, 3:9], labels[6:9, 3:9, 3:9] = 2, 3, 79
    write_image(tmp_path / "total.nii.gz", labels, GRID)
    folder = good(tmp_path)
    entry = {"file": "total.nii.gz", "preset": "totalsegmentator2"}
    spoil(folder, "organs", value={"Kidneys": entry, "kidney_left": entry, "Spinal cord": entry})
    organs = load_case(folder).organs
    assert {name: int(mask.sum()) for name, mask in organs.items()} == {"Kidneys": 72, "kidney_left": 36, "Spinal cord": 108}
    spoil(folder, "organs", value={"spinal chord": entry})
    refused(folder, "spinal_cord", where="organs, spinal chord", why="117 classes", remedy="labels")


def test_the_table_of_totalsegmentator():
    """Places in the published table, at both ends of every run of it."""
    told = {1: "spleen", 2: "kidney_right", 4: "gallbladder", 8: "adrenal_gland_right", 10: "lung_upper_lobe_left"}
    told |= {14: "lung_lower_lobe_right", 15: "esophagus", 21: "urinary_bladder", 22: "prostate", 23: "kidney_cyst_left"}
    told |= {25: "sacrum", 27: "vertebrae_L5", 31: "vertebrae_L1", 32: "vertebrae_T12", 43: "vertebrae_T1"}
    told |= {
        44: "vertebrae_C7",
        50: "vertebrae_C1",
        51: "heart",
        55: "subclavian_artery_right",
        59: "brachiocephalic_vein_left",
    }
    told |= {61: "atrial_appendage_left", 64: "portal_vein_and_splenic_vein", 68: "iliac_vena_right", 69: "humerus_left"}
    told |= {78: "hip_right", 79: "spinal_cord", 80: "gluteus_maximus_left", 89: "iliopsoas_right", 90: "brain", 91: "skull"}
    told |= {92: "rib_left_1", 103: "rib_left_12", 104: "rib_right_1", 115: "rib_right_12", 116: "sternum"}
    assert len(CLASSES) == len(set(CLASSES)) == 117 and CLASSES[-1] == "costal_cartilages"
    assert {number: CLASSES[number - 1] for number in told} == told
    assert organ_numbers("lungs") == (10, 11, 12, 13, 14) and organ_numbers("Vertebrae C1") == (50,)
    assert len(organ_numbers("ribs")) == 24 and organ_numbers("oesophagus") == (15,)
