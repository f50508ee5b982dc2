"""NRRD and MetaImage headers are refused in words before any reader sees them; a name in one never leads outside."""

from __future__ import annotations

import gzip
import zlib

import numpy as np
import pytest
import SimpleITK as sitk

from twin.errors import DataRefused
from twin.grid import Grid
from twin.imaging import read
from twin.imaging.image import to_itk
from twin.imaging.read import check_file, read_image

COS, SIN = np.cos(0.4), np.sin(0.4)
GRID = Grid((4, 5, 6), (3.0, 2.0, 1.0), (5.0, -7.0, 11.0), (COS, 0.0, SIN, 0.0, 1.0, 0.0, -SIN, 0.0, COS))
VALUES = np.arange(GRID.size, dtype=np.float32).reshape(GRID.shape)
NRRD = {
    "type": "float",
    "dimension": "3",
    "space": "left-posterior-superior",
    "sizes": "6 5 4",
    "space directions": "(1,0,0) (0,2,0) (0,0,3)",
    "kinds": "domain domain domain",
    "endian": "little",
    "encoding": "raw",
    "space origin": "(5,-7,11)",
}
META = {
    "ObjectType": "Image",
    "NDims": "3",
    "BinaryData": "True",
    "BinaryDataByteOrderMSB": "False",
    "CompressedData": "False",
    "TransformMatrix": "1 0 0 0 1 0 0 0 1",
    "Offset": "5 -7 11",
    "ElementSpacing": "1 2 3",
    "DimSize": "6 5 4",
    "ElementType": "MET_FLOAT",
    "ElementDataFile": "LOCAL",
}


def nrrd(folder, changes: dict[str, str | None], body: bytes | None = None, ending: str = ".nrrd"):
    fields = {k: v for k, v in {**NRRD, **changes}.items() if v is not None}
    head = "NRRD0004\n" + "".join(f"{k}: {v}\n" for k, v in fields.items())
    path = folder / ("image" + ending)
    path.write_bytes(head.encode() + b"\n" + (VALUES.tobytes() if body is None else body))
    return path


def meta(folder, changes: dict[str, str | None], body: bytes | None = None, ending: str = ".mha"):
    fields = {k: v for k, v in {**META, **changes}.items() if v is not None}
    fields["ElementDataFile"] = fields.pop("ElementDataFile")
    head = "".join(f"{k} = {v}\n" for k, v in fields.items())
    path = folder / ("image" + ending)
    path.write_bytes(head.encode() + (VALUES.tobytes() if body is None else body))
    return path


@pytest.fixture
def reader_never_called(monkeypatch):
    """The header's own check must refuse; reaching the reader is a failure."""

    def called(*_, **__):
        raise AssertionError("the reader was shown the file")

    monkeypatch.setattr(read, "guarded", called)


def refused(path, words: str) -> DataRefused:
    with pytest.raises(DataRefused, match=words) as caught:
        read_image(path)
    assert caught.value.remedy and caught.value.why and caught.value.where
    return caught.value


@pytest.mark.parametrize("packed", [False, True], ids=["raw", "packed"])
@pytest.mark.parametrize("ending", [".nrrd", ".nhdr", ".mha", ".mhd"])
def test_sound_files_of_every_form_are_read(tmp_path, ending, packed):
    sitk.WriteImage(to_itk(VALUES, GRID), str(tmp_path / f"image{ending}"), packed)
    image = read_image(tmp_path / f"image{ending}")
    assert image.grid.same_as(GRID, 1e-6) and np.array_equal(image.values, VALUES) and not image.note


@pytest.mark.parametrize(
    "kind", [np.uint8, np.int8, np.uint16, np.int16, np.uint32, np.int32, np.int64, np.float32, np.float64]
)
@pytest.mark.parametrize("ending", [".nrrd", ".mha"])
def test_every_plain_type_is_accepted(tmp_path, ending, kind):
    sitk.WriteImage(to_itk(VALUES.astype(kind), GRID), str(tmp_path / f"image{ending}"), True)
    assert np.prod(check_file(tmp_path / f"image{ending}").shape) == VALUES.size


@pytest.mark.parametrize("write", [nrrd, meta])
def test_the_places_are_those_of_the_header(tmp_path, write):
    image = read_image(write(tmp_path, {}))
    assert image.grid == Grid((4, 5, 6), (3.0, 2.0, 1.0), (5.0, -7.0, 11.0)) and np.array_equal(image.values, VALUES)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"sizes": "6 5 0"}, "states the size"),
        ({"sizes": "6 5 -4"}, "states the size"),
        ({"sizes": "99999 99999 99999"}, "states the size"),
        ({"sizes": "6 5"}, "holds 2 values where 3 belong"),
        ({"sizes": "6 5 4.5"}, "not made of whole numbers"),
        ({"sizes": "6 5 5"}, "promises 600 bytes of voxels, the file holds 480"),
        ({"dimension": "0"}, "where 0 belong"),
        ({"type": "block"}, "not a plain number"),
        ({"type": None}, "does not state 'type'"),
        ({"endian": None}, "order of the bytes"),
        ({"encoding": "bzip2"}, "read are raw and gzip"),
        ({"encoding": "gzip"}, "voxels are damaged"),
        ({"byte skip": "-1"}, "skips what comes before"),
        ({"space directions": "(1,0,0) (0,2,0) (0,nan,3)"}, "voxel size of 1 x 2 x nan"),
        ({"space directions": "(1,0,0) (0,2,0) (0,1e999,3)"}, "voxel size of 1 x 2 x inf"),
        ({"space directions": "(1,0,0) (0,2,0) (0,4,0)"}, "singular"),
        ({"space directions": "(0,0,0) (0,2,0) (0,0,3)"}, "voxel size of 0 x 2 x 3 mm"),
        ({"space directions": "(1,0.2,0) (0,2,0) (0,0,3)"}, "11 degrees away from right angles"),
        ({"space directions": "(1,0,0) (0,2,0)"}, "one vector per axis"),
        ({"space directions": "(1,0,0) (0,2,0) x"}, "not made of vectors"),
        ({"space directions": None, "spacings": "1 nan 3"}, "voxel size of 1 x nan x 3 mm"),
        ({"space origin": "(5,inf,11)"}, "not numbers"),
        ({"space units": '"um" "um" "um"'}, "in 'um', not in mm"),
        ({"kinds": "vector domain domain"}, "holds 6 volumes"),
        ({"sizes": "6 5 4\nsizes: 6 5 4"}, "states 'sizes' twice"),
    ],
)  # fmt: skip
def test_nonsense_in_an_nrrd_header_is_named(tmp_path, reader_never_called, changes, words):
    refused(nrrd(tmp_path, changes), words)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"DimSize": "6 5 0"}, "states the size"),
        ({"DimSize": "6 5"}, "holds 2 values where 3 belong"),
        ({"DimSize": "6 5 5"}, "promises 600 bytes of voxels, the file holds 480"),
        ({"ElementType": "MET_LONG"}, "not a plain number"),
        ({"ElementNumberOfChannels": "3"}, "holds 3 volumes"),
        ({"BinaryData": "False"}, "voxels are text"),
        ({"HeaderSize": "-1"}, "behind another header"),
        ({"CompressedData": "True"}, "voxels are damaged"),
        ({"TransformMatrix": "1 0 0 0 1 0 0 nan 1"}, "not numbers"),
        ({"TransformMatrix": "1 0 0 0 1 0 0 1 0"}, "singular"),
        ({"TransformMatrix": "1 0.2 0 0 1 0 0 0 1"}, "11 degrees away from right angles"),
        ({"TransformMatrix": "1 0 0 1"}, "holds 4 values where 9 belong"),
        ({"ElementSpacing": "1 0 3"}, "voxel size of 1 x 0 x 3 mm"),
        ({"ElementSpacing": "1 -2 3"}, "voxel size of 1 x -2 x 3 mm"),
        ({"TransformMatrix": "2 0 0 0 1 0 0 0 1"}, "two voxel sizes: 2 x 2 x 3 mm"),
        ({"Offset": "5 inf 11"}, "not numbers"),
        ({"Position": "0 0 0"}, "states 'Offset' twice"),
        ({"NDims": None}, "does not begin with the MetaImage header"),
        ({"nonsense\0": "1"}, "line that is no field"),
    ],
)  # fmt: skip
def test_nonsense_in_a_metaimage_header_is_named(tmp_path, reader_never_called, changes, words):
    refused(meta(tmp_path, changes), words)


@pytest.mark.parametrize("name", ["../voxels.raw", "link.raw", "sub/../../voxels.raw", "ABSOLUTE"])
@pytest.mark.parametrize(("write", "field", "ending"), [(nrrd, "data file", ".nhdr"), (meta, "ElementDataFile", ".mhd")])
def test_the_file_of_voxels_never_lies_outside_the_folder(tmp_path, reader_never_called, write, field, ending, name):
    (tmp_path / "voxels.raw").write_bytes(VALUES.tobytes())
    folder = tmp_path / "case"
    (folder / "sub").mkdir(parents=True)
    (folder / "link.raw").symlink_to(tmp_path / "voxels.raw")
    name = str(tmp_path / "voxels.raw") if name == "ABSOLUTE" else name
    refused(write(folder, {field: name}, b"", ending), "outside its own folder")


@pytest.mark.parametrize(("write", "field", "ending"), [(nrrd, "data file", ".nhdr"), (meta, "ElementDataFile", ".mhd")])
def test_a_file_of_voxels_beside_the_header(tmp_path, write, field, ending):
    (tmp_path / "voxels.raw").write_bytes(VALUES.tobytes())
    assert np.array_equal(read_image(write(tmp_path, {field: "voxels.raw"}, b"", ending)).values, VALUES)
    refused(write(tmp_path, {field: "absent.raw"}, b"", ending), "is not there")
    for several in ("LIST", "slice%03d.raw 1 4 1"):
        refused(write(tmp_path, {field: several}, b"a.raw\nb.raw\n", ending), "spreads its voxels over several files")
    for impossible in ("voxels\0.raw", "v" * 5000):
        refused(write(tmp_path, {field: impossible}, b"", ending), "names no file that can be")
    (tmp_path / "voxels.raw").write_bytes(VALUES.tobytes()[:-4])
    refused(write(tmp_path, {field: "voxels.raw"}, b"", ending), "promises 480 bytes of voxels, the file holds 476")


def test_packed_voxels_that_end_too_soon(tmp_path, reader_never_called):
    short = VALUES.tobytes()[:-4]
    refused(nrrd(tmp_path, {"encoding": "gzip"}, gzip.compress(short)), "the file holds 476")
    refused(meta(tmp_path, {"CompressedData": "True"}, zlib.compress(short)), "the file holds 476")
    whole = zlib.compress(VALUES.tobytes())
    refused(meta(tmp_path, {"CompressedData": "True"}, whole[: len(whole) // 2]), "promises 480 bytes")


def test_a_bomb_is_counted_no_further_than_the_image_reaches(tmp_path):
    bomb = gzip.compress(bytes(1 << 26), 9)
    assert read_image(nrrd(tmp_path, {"encoding": "gzip"}, bomb)).values.shape == (4, 5, 6)


@pytest.mark.parametrize(
    ("write", "changes"),
    [(nrrd, {"space directions": "(1,0.02,0) (0,2,0.06) (0,0,3)"}), (meta, {"TransformMatrix": "1 0.02 0 0 1 0.03 0 0 1"})],
)
def test_sheared_axes_are_straightened_on_request(tmp_path, write, changes):
    path = write(tmp_path, changes)
    image = read_image(path, straighten=True)
    assert "corners move" in image.note and np.array_equal(image.values, VALUES)
    straight = read_image(write(tmp_path, {}))
    middle = (np.array(GRID.shape) - 1) / 2
    assert np.linalg.norm(image.grid.index_to_mm(middle) - straight.grid.index_to_mm(middle)) < 0.5
    assert read_image(path, straighten=True).note == ""


def test_a_space_that_is_not_tied_to_the_patient_is_remarked(tmp_path):
    assert (
        "states no orientation in the patient (its space is '3d-right-handed')"
        in read_image(nrrd(tmp_path, {"space": "3D-right-handed"})).note
    )
    none = {"space": None, "space directions": None, "space origin": None, "spacings": "1 2 3"}
    assert "states no orientation" in read_image(nrrd(tmp_path, none)).note
    assert "states no orientation" in read_image(meta(tmp_path, {"TransformMatrix": None})).note


@pytest.mark.parametrize("space", ["RAS", "right-anterior-superior"])
def test_an_image_in_ras_comes_out_in_lps(tmp_path, space):
    image = read_image(nrrd(tmp_path, {"space": space}))
    assert image.grid.origin_mm == (-5.0, 7.0, 11.0) and not image.note
    np.testing.assert_allclose(image.grid.direction, (-1, 0, 0, 0, -1, 0, 0, 0, 1))


def test_a_plane_is_one_slice(tmp_path):
    plane = {"dimension": "2", "sizes": "6 5", "space": None, "space directions": None, "kinds": None, "space origin": None}
    assert read_image(nrrd(tmp_path, {**plane, "spacings": "1 2"}, VALUES[0].tobytes())).values.shape == (1, 5, 6)


def test_a_header_without_end_is_no_header(tmp_path, reader_never_called):
    (tmp_path / "x.nrrd").write_bytes(b"NRRD0004\n" + b"# x\n" * 300_000)
    refused(tmp_path / "x.nrrd", "its header has no end")
    (tmp_path / "x.mha").write_bytes(b"\xff\xfe" * 100)
    refused(tmp_path / "x.mha", "bytes that are no text")
