"""Malformed NIfTI headers are refused in words before any reader sees them."""

from __future__ import annotations

import gzip
import struct

import numpy as np
import pytest

from twin.errors import DataRefused
from twin.grid import Grid
from twin.imaging.nifti_header import check_nifti
from twin.imaging.read import read_image
from twin.imaging.straighten import straight_affine
from twin.imaging.write import write_image

GRID = Grid((6, 8, 10), (3.0, 2.0, 1.0), (5.0, -7.0, 11.0))
VALUES = np.arange(GRID.size, dtype=np.float32).reshape(GRID.shape)


@pytest.fixture
def path(tmp_path):
    return write_image(tmp_path / "image.nii", VALUES, GRID)


def patch(path, offset: int, packed: bytes) -> None:
    raw = bytearray(path.read_bytes())
    raw[offset : offset + len(packed)] = packed
    path.write_bytes(raw)


def refused(path, words: str) -> DataRefused:
    with pytest.raises(DataRefused, match=words) as caught:
        read_image(path)
    assert caught.value.remedy and caught.value.why and caught.value.where
    return caught.value


def test_a_good_header_is_understood(path):
    header = check_nifti(path)
    assert header.shape == (10, 8, 6) and header.spacing_mm == (1.0, 2.0, 3.0)
    np.testing.assert_allclose(header.affine, [[-1, 0, 0, -5], [0, -2, 0, 7], [0, 0, 3, 11]], atol=1e-5)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_position_that_is_no_number(path, value):
    patch(path, 284, struct.pack("<f", value))
    refused(path, "holds values that are not numbers")


def test_a_singular_position_matrix(path):
    patch(path, 280, struct.pack("<12f", 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0))
    refused(path, "singular")


def test_a_quaternion_that_is_no_rotation(path):
    patch(path, 252, struct.pack("<2h", 1, 0))
    patch(path, 256, struct.pack("<3f", 0.9, 0.9, 0.9))
    refused(path, "not numbers")


def test_a_second_position_that_is_no_number_is_refused_although_the_first_is_sound(path):
    """The reader would look at it all the same."""
    patch(path, 252, struct.pack("<2h", 1, 1))
    patch(path, 256, struct.pack("<3f", float("nan"), 0.0, 0.0))
    refused(path, r"second position, the qform\) holds values that are not numbers")


@pytest.mark.parametrize(("offset", "packed", "words"), [
    (40, struct.pack("<h", 9), "states the size nothing"),
    (42, struct.pack("<h", -5), "states the size"),
    (40, struct.pack("<5h", 4, 10, 8, 3, 2), "holds 2 volumes"),
    (70, struct.pack("<h", 128), "not a plain number"),
    (80, struct.pack("<f", 0.0), "voxel size of 0 x 2 x 3 mm"),
    (84, struct.pack("<f", float("nan")), "voxel size of 1 x nan x 3 mm"),
    (0, b"nonsense", "does not begin with a NIfTI header"),
])  # fmt: skip
def test_nonsense_is_named(path, offset, packed, words):
    patch(path, offset, packed)
    refused(path, words)


def test_a_file_that_ends_too_soon(path):
    path.write_bytes(path.read_bytes()[:-100])
    assert "promises 1,920 bytes of voxels, the file holds 1,820" in refused(path, "promises").what


def test_a_packed_file_that_ends_too_soon(tmp_path):
    path = write_image(tmp_path / "image.nii.gz", np.random.default_rng(0).random(GRID.shape), GRID)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    refused(path, "cut off")


def test_not_a_number_is_counted_although_the_reader_would_hide_it(tmp_path):
    values = VALUES.copy()
    values[0, 0, :3] = np.nan
    refused(write_image(tmp_path / "image.nii.gz", values, GRID), "3 voxels that are NaN or infinite")
    refused(write_image(tmp_path / "image.nrrd", values, GRID), "3 voxels that are NaN or infinite")


def test_an_unknown_format(tmp_path):
    (tmp_path / "image.png").write_bytes(b"x")
    refused_ = pytest.raises(DataRefused, match="not in a format that is read here")
    with refused_:
        read_image(tmp_path / "image.png")


def test_a_damaged_nrrd(tmp_path):
    (tmp_path / "image.nrrd").write_bytes(b"NRRD0004\ntype: float\n")
    refused(tmp_path / "image.nrrd", "cannot be read as an image")


def test_big_endian_is_read(tmp_path, path):
    raw = path.read_bytes()
    little = struct.unpack("<i", raw[:4])[0]
    assert little == 348
    header = bytearray(348)
    for offset, kind, count in (
        (0, "i", 1),
        (40, "h", 8),
        (70, "h", 2),
        (76, "f", 8),
        (108, "f", 3),
        (252, "h", 2),
        (256, "f", 18),
    ):
        values = struct.unpack_from(f"<{count}{kind}", raw, offset)
        struct.pack_into(f">{count}{kind}", header, offset, *values)
    header[344:348] = b"n+1\0"
    other = tmp_path / "big.nii.gz"
    with gzip.open(other, "wb") as stream:
        stream.write(bytes(header) + bytes(4) + VALUES.astype(">f4").tobytes())
    image = read_image(other)
    np.testing.assert_array_equal(image.values, VALUES)
    assert image.grid == GRID


SHEARED = np.array([[1.0, 0.02, 0.0], [0.0, 2.0, 0.06], [0.0, 0.0, 3.0]])


def shear(path) -> None:
    rows = np.column_stack([SHEARED, [1.0, 2.0, 3.0]]).astype(np.float32)
    patch(path, 252, struct.pack("<2h", 0, 1))
    patch(path, 280, rows.tobytes())


def test_sheared_axes_are_explained(path):
    shear(path)
    error = refused(path, "1.1 degrees away from right angles")
    assert "straighten_directions: true" in error.remedy


def test_sheared_axes_are_straightened_on_request(path):
    shear(path)
    image = read_image(path, straighten=True)
    np.testing.assert_array_equal(image.values, VALUES)
    _, moved = straight_affine(check_nifti(path, sheared=True))
    assert "corners move" in image.note and 0.05 < moved < 0.5
    middle = (np.array(GRID.shape) - 1) / 2
    given = SHEARED @ middle[::-1] + [1.0, 2.0, 3.0]
    np.testing.assert_allclose(image.grid.index_to_mm(middle), given * [-1, -1, 1], atol=1e-4)


def test_two_positions_and_none_are_remarked(path):
    patch(path, 252, struct.pack("<2h", 1, 2))
    patch(path, 292, struct.pack("<f", 50.0))
    assert "two positions (sform and qform) that lie 55 mm apart" in read_image(path).note
    patch(path, 252, struct.pack("<2h", 0, 0))
    assert "states no orientation" in read_image(path).note


def test_two_voxel_sizes(path):
    patch(path, 80, struct.pack("<f", 1.5))
    refused(path, "two voxel sizes: 1 x 2 x 3 mm in its position matrix, 1.5 x 2 x 3 mm in pixdim")


def test_header_and_reader_agree_on_the_place(tmp_path):
    c, s = np.cos(0.4), np.sin(0.4)
    oblique = Grid((6, 8, 10), (3.0, 2.0, 1.0), (5.0, -7.0, 11.0), (c, 0.0, s, 0.0, 1.0, 0.0, -s, 0.0, c))
    path = write_image(tmp_path / "image.nii", VALUES, oblique)
    affine = check_nifti(path).affine
    corner = np.array([5, 7, 9])
    expected = affine[:, :3] @ corner[::-1] + affine[:, 3]
    np.testing.assert_allclose(read_image(path).grid.index_to_mm(corner), expected * [-1, -1, 1], atol=1e-4)
