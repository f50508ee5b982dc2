"""Images come back as they were written, at the place where they were."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from twin.errors import DataRefused
from twin.grid import Grid
from twin.imaging import read
from twin.imaging.read import read_image
from twin.imaging.sandbox import Failed
from twin.imaging.write import write_image

C, S = math.cos(0.3), math.sin(0.3)
OBLIQUE = Grid((4, 5, 6), (5.0, 1.3, 1.25), (-70.25, 12.5, 3.1), (C, -S, 0.0, S, C, 0.0, 0.0, 0.0, 1.0))


@pytest.mark.parametrize("ending", [".nii.gz", ".nii", ".nrrd", ".mha"])
@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32, np.float64])
def test_values_and_place_come_back(tmp_path, ending, dtype):
    values = (100 * np.random.default_rng(1).random(OBLIQUE.shape)).astype(dtype)
    image = read_image(write_image(tmp_path / f"image{ending}", values, OBLIQUE))
    assert image.values.dtype == dtype
    np.testing.assert_array_equal(image.values, values)
    assert image.grid.same_as(OBLIQUE, 1e-4)
    assert image.grid.spacing_mm == OBLIQUE.spacing_mm


def test_nifti_numbers_are_read_as_they_were_meant(tmp_path):
    grid = Grid((4, 5, 6), (5.0, 1.3, 1.3), (0.1, -70.2, 3.7))
    image = read_image(write_image(tmp_path / "image.nii.gz", np.zeros(grid.shape, np.uint8), grid))
    assert image.grid == grid


def test_a_mask_is_written_as_whole_numbers(tmp_path):
    mask = np.zeros(OBLIQUE.shape, bool)
    mask[1, 2, 3] = True
    image = read_image(write_image(tmp_path / "mask.nii.gz", mask, OBLIQUE))
    assert image.values.dtype == np.uint8
    assert np.argwhere(image.values).tolist() == [[1, 2, 3]]


@pytest.mark.parametrize("ending", [".nii.gz", ".nii", ".nrrd", ".mha"])
def test_a_reader_that_crashes_takes_nothing_down(tmp_path, monkeypatch, ending):
    """Every format is read in a process of its own: its end is a refusal of that file."""

    def crashed(*arguments, **limits):
        raise Failed("the reader crashed")

    monkeypatch.setattr(read, "guarded", crashed)
    path = tmp_path / f"image{ending}"
    write_image(path, np.ones((4, 5, 6), np.float32), Grid((4, 5, 6), (1.0, 1.0, 1.0)))
    with pytest.raises(DataRefused, match="crashed"):
        read_image(path)


def test_a_name_relative_to_a_folder_that_was_entered_later_is_found(tmp_path, monkeypatch):
    """The process that reads was started elsewhere."""
    write_image(tmp_path / "image.nii.gz", np.ones((4, 5, 6), np.float32), Grid((4, 5, 6), (1.0, 1.0, 1.0)))
    read_image(tmp_path / "image.nii.gz")
    monkeypatch.chdir(tmp_path)
    assert read_image(Path("image.nii.gz")).values.shape == (4, 5, 6)
