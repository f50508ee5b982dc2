"""Slices that are shuffled, missing, unevenly spaced, tilted or doubled: seen, said, and mended or refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.twin.imaging.dicom import studies
from twin.grid import Grid
from twin.imaging.dicom import phantom
from twin.imaging.dicom.file import Source, quiet
from twin.imaging.dicom.finding import plane_of, remarks, unusable
from twin.imaging.dicom.frame import B_VALUES
from twin.imaging.dicom.phantom import Exam
from twin.imaging.dicom.series import SetAside, group, open_files, volumes
from twin.imaging.dicom.stack import grid_of_layout
from twin.imaging.dicom.values import measure

EXAM = Exam(studies.BASELINE)
OBLIQUE = studies.turned((10.0, 20.0, 30.0))


def ramp(grid: Grid) -> np.ndarray:
    """Values that are linear in space, so that linear interpolation is exact."""
    index = np.stack(np.meshgrid(*map(np.arange, grid.shape), indexing="ij"), -1)
    return np.rint(1000 + grid.index_to_mm(index) @ np.array([3.0, 5.0, 7.0])).astype(np.uint16)


def small(direction=OBLIQUE) -> Grid:
    return Grid((20, 14, 12), (2.5, 1.25, 1.5), (-11.0, 7.0, 31.0), direction)


def load(datasets, folder):
    studies.shuffled(datasets, folder)
    sources = [Source(p, p.name) for p in sorted(folder.rglob("IM*"))]
    with quiet():
        files, refused = open_files(sources)
        assert not refused
        (series,) = group(files)
        return volumes(series)


def only(datasets, folder):
    found, aside = load(datasets, folder)
    assert not aside and len(found) == 1
    return found[0]


@pytest.mark.parametrize("degrees", [(0, 0, 0), (90, 0, 0), (0, 90, 0), (0, 90, 90), (180, 0, 0), (8, -25, 40)])
def test_any_orientation_comes_back_in_place(tmp_path, degrees):
    grid = small(studies.turned(degrees))
    volume = only(phantom.slices(EXAM, ramp(grid), grid, 3), tmp_path)
    found = measure(volume)
    assert found.grid.same_as(grid, 1e-4) and np.array_equal(found.values, ramp(grid))
    assert not remarks(volume) and not unusable(volume)


def test_slices_numbered_against_the_normal_are_turned_round(tmp_path):
    grid = small()
    datasets = phantom.slices(EXAM, ramp(grid), grid, 3)[::-1]
    for number, one in enumerate(datasets, start=1):
        one.InstanceNumber = number
    found = measure(only(datasets, tmp_path))
    assert found.grid.same_as(grid, 1e-4) and np.array_equal(found.values, ramp(grid))


def test_a_missing_slice_is_said_and_interpolated(tmp_path):
    grid = small()
    datasets = phantom.slices(EXAM, ramp(grid), grid, 3)
    del datasets[7]
    volume = only(datasets, tmp_path)
    assert remarks(volume) == ["1 of 20 slices missing (after slice 7): interpolated from their neighbours"]
    found = measure(volume)
    assert found.grid.same_as(grid, 1e-3)
    assert np.abs(found.values - ramp(grid).astype(float)).max() <= 1.0


def test_two_missing_neighbours_or_too_many_make_it_unusable(tmp_path):
    grid = small()
    datasets = phantom.slices(EXAM, ramp(grid), grid, 3)
    assert "2 of 20" in unusable(only(datasets[:7] + datasets[9:], tmp_path / "a"))
    assert "3 of 20" in unusable(only([d for i, d in enumerate(datasets) if i not in (4, 9, 14)], tmp_path / "b"))


def test_uneven_distances_are_said_and_interpolated(tmp_path):
    grid = small()
    datasets = phantom.slices(EXAM, ramp(grid), grid, 3)
    normal = np.reshape(grid.direction, (3, 3))[:, 2]
    for k, one in enumerate(datasets[12:], start=1):
        place = np.array(one.ImagePositionPatient, float) + normal * 0.8 * k
        one.ImagePositionPatient = phantom.decimals(place)
        one.PixelData = (np.frombuffer(one.PixelData, np.uint16) + np.uint16(round(0.8 * k * normal @ [3, 5, 7]))).tobytes()
    volume = only(datasets, tmp_path)
    assert volume.layout.uneven and "slice distances vary from 2.50 to 3.30 mm" in remarks(volume)[0]
    found = measure(volume)
    assert np.abs(found.values - ramp(found.grid).astype(float)).max() <= 2.0


def test_a_gantry_tilt_is_said_and_straightened(tmp_path):
    grid = small((1.0, 0, 0, 0, 1.0, 0, 0, 0, 1.0))
    datasets = phantom.slices(EXAM, ramp(grid), grid, 3, modality="CT")
    for k, one in enumerate(datasets):
        place = np.array(one.ImagePositionPatient, float) + np.array([0, 0.7 * k, 0])
        one.ImagePositionPatient = phantom.decimals(place)
        one.PixelData = (np.frombuffer(one.PixelData, np.uint16) + np.uint16(round(3.5 * k))).tobytes()
    volume = only(datasets, tmp_path)
    assert "gantry tilt of 15.6 degrees" in remarks(volume)[0]
    found = measure(volume)
    assert found.grid.shape == (20, 14 + 11, 12)
    inside = found.values[5:15, 12:13, 1:-1].astype(float)
    assert np.abs(inside - ramp(found.grid)[5:15, 12:13, 1:-1]).max() <= 2.0


def test_slices_that_wander_are_no_volume(tmp_path):
    grid = small()
    datasets = phantom.slices(EXAM, ramp(grid), grid, 3)
    for k, one in enumerate(datasets):
        place = np.array(one.ImagePositionPatient, float) + np.reshape(grid.direction, (3, 3))[:, 0] * 4 * (k % 2)
        one.ImagePositionPatient = phantom.decimals(place)
    found, aside = load(datasets, tmp_path)
    assert not found and "do not lie on one stack" in aside[0].reason


def test_exact_copies_are_left_out_whatever_they_are_called(tmp_path):
    grid = small()
    datasets = phantom.slices(EXAM, ramp(grid), grid, 3)
    renamed = phantom.slices(EXAM, ramp(grid), grid, 3)[3:6]
    for one in renamed:
        one.SOPInstanceUID = EXAM.uid("other", one.InstanceNumber)
        one.file_meta.MediaStorageSOPInstanceUID = one.SOPInstanceUID
    volume = only([*datasets, *datasets[:4], *renamed], tmp_path)
    assert remarks(volume) == ["7 duplicate slices left out"]
    assert np.array_equal(measure(volume).values, ramp(grid))


def other(datasets, series=3, **tags):
    """The same planes again as other images of the series."""
    for one in datasets:
        one.SOPInstanceUID = EXAM.uid("other", tags, one.InstanceNumber)
        one.file_meta.MediaStorageSOPInstanceUID = one.SOPInstanceUID
        for keyword, value in tags.items():
            setattr(one, keyword, value)
    return datasets


@pytest.mark.parametrize("tags", [{"EchoNumbers": 2}, {"TemporalPositionIdentifier": 2}, {"AcquisitionNumber": 2}])
def test_echoes_times_and_acquisitions_are_told_apart(tmp_path, tags):
    grid = small()
    name = next(iter(tags))
    first = other(phantom.slices(EXAM, ramp(grid), grid, 3), **{name: 1})
    second = other(phantom.slices(EXAM, ramp(grid) + np.uint16(9), grid, 3), **tags)
    found, aside = load([*first, *second], tmp_path)
    assert not aside and len(found) == 2
    assert sorted(int((measure(v).values - ramp(grid).astype(int)).max()) for v in found) == [0, 9]


def test_two_different_images_at_one_place_are_not_mixed(tmp_path):
    grid = small()
    second = other(phantom.slices(EXAM, ramp(grid) + np.uint16(9), grid, 3))
    found, aside = load([*phantom.slices(EXAM, ramp(grid), grid, 3), *second], tmp_path)
    assert not found and "20 places hold two different images" in aside[0].reason


def test_a_localiser_and_a_lone_slice_are_set_aside(tmp_path):
    found, aside = load(studies.localiser(EXAM), tmp_path / "a")
    assert not found and aside == [SetAside("series 1 (MR, localizer)", "a localiser")]
    unnamed = studies.localiser(EXAM)
    for one in unnamed:
        one.SeriesDescription, one.ImageType = "abc", ["ORIGINAL", "PRIMARY"]
    assert "several directions" in load(unnamed, tmp_path / "b")[1][0].reason
    grid = small()
    assert "1 slice: not a volume" in load(phantom.slices(EXAM, ramp(grid), grid, 3)[:1], tmp_path / "c")[1][0].reason


def test_scaling_per_slice_signs_and_overlay_bits(tmp_path):
    grid = small()
    values = ramp(grid).astype(np.int16) - 1200
    slopes = [str(1 + k / 4) for k in range(20)]
    datasets = phantom.slices(EXAM, values, grid, 3, RescaleSlope=slopes, RescaleIntercept="-10")
    expected = values * np.array([float(s) for s in slopes])[:, None, None] - 10
    assert np.allclose(measure(only(datasets, tmp_path / "a")).values, expected, atol=1e-3)
    twelve = phantom.slices(EXAM, (ramp(grid) % 4096) | np.uint16(0x8000), grid, 3, BitsStored=12, HighBit=11)
    assert np.array_equal(measure(only(twelve, tmp_path / "b")).values, ramp(grid) % 4096)


def test_planes_have_names():
    assert plane_of(small(studies.turned((0, 0, 0)))) == "axial"
    assert plane_of(small(studies.turned((90, 0, 0)))) == "coronal"
    assert plane_of(small(studies.turned((0, 90, 0)))) == "sagittal"
    assert plane_of(small(studies.turned((20, 0, 0)))) == "oblique axial (20 degrees)"


def test_positions_rounded_by_the_scanner_are_not_a_tilt(tmp_path):
    grid = replace(small(), shape=(60, 14, 12))
    datasets = phantom.slices(EXAM, ramp(replace(grid, shape=(60, 14, 12))), grid, 3)
    for one in datasets:
        one.ImagePositionPatient = [f"{float(v):.3f}" for v in one.ImagePositionPatient]
        one.ImageOrientationPatient = [f"{float(v):.6f}" for v in one.ImageOrientationPatient]
    volume = only(datasets, tmp_path)
    assert volume.layout.regular
    assert grid_of_layout(volume.layout).same_as(grid, 0.01)


@pytest.mark.parametrize(
    ("tags", "words"),
    [
        ({"BurnedInAnnotation": "YES"}, "words are burned into its pixels"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.7"}, "secondary capture"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.7.2"}, "secondary capture"),
    ],
)
def test_what_no_scanner_measured_is_set_aside(tmp_path, tags, words):
    grid = small()
    datasets = phantom.slices(EXAM, ramp(grid), grid, 3, SeriesDescription="t1")
    for name, value in tags.items():
        setattr(datasets[2], name, value)
    found, (aside,) = load(datasets, tmp_path)
    assert not found and words in aside.reason


def test_an_overlay_is_said(tmp_path):
    grid = small()
    datasets = phantom.slices(EXAM, ramp(grid), grid, 3)
    assert not only(datasets, tmp_path / "plain").overlaid
    datasets[1].add_new(0x60000010, "US", 8)
    assert any("overlay" in words for words in remarks(only(datasets, tmp_path / "drawn")))


@pytest.mark.parametrize("private", B_VALUES)
def test_diffusion_weightings_are_told_apart_by_any_makers_tag(tmp_path, private):
    grid = small()
    datasets = []
    for b in (0, 1000):
        for one in phantom.slices(EXAM, ramp(grid) + np.uint16(b), grid, 3):
            one.private_block(private[0], private[1], create=True).add_new(private[2], "IS", b)
            one.SOPInstanceUID = one.file_meta.MediaStorageSOPInstanceUID = EXAM.uid(b, one.InstanceNumber)
            datasets.append(one)
    found, aside = load(datasets, tmp_path)
    assert not aside and sorted(dict(v.traits)["b"] for v in found) == ["0", "1000"]
