"""Hostile archives: nothing is written outside the folder, bombs stop at a limit, names never become paths."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import stat
import struct
import tarfile
import zipfile
import zlib
from pathlib import Path

import pytest

from twin.errors import DataRefused
from twin.imaging.archive import Limits, is_archive, unpack

SMALL = Limits(members=50, bytes=8 << 20, member_bytes=4 << 20, ratio=100.0, grace=1 << 20)

NAMES = [
    "../evil",
    "../../../../../../tmp/evil",
    "/evil",
    "/etc/evil",
    "a/../../evil",
    "a/b/../../../evil",
    "..",
    "../",
    "..\\evil",
    "..\\..\\windows\\evil",
    "C:\\evil",
    "c:/evil",
    "\\\\server\\share\\evil",
    "//server/evil",
    "good/../../evil",
    "evil\x00.dcm",
    "\u202eevil",
    "é" * 200,
    "a" * 5000,
    "/".join(["d"] * 2000),
    "con",
    "nul.dcm",
    "~/.ssh/evil",
    "$HOME/evil",
    "`evil`",
    "-rf",
    "evil;ls",
    "a\nb",
    ".",
]
KINDS = [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, tarfile.CONTTYPE]


def unpacked(archive: Path, tmp_path: Path, limits=SMALL):
    """Unpack, and check that nothing appeared but numbered plain files inside the folder."""
    before = {p for p in tmp_path.rglob("*")}
    folder = tmp_path / "inside" / "out"
    try:
        return unpack(archive, folder, limits)
    finally:
        made = {p for p in tmp_path.rglob("*")} - before - {folder, folder.parent}
        for path in made:
            assert path.parent == folder and path.name.isdigit() and stat.S_ISREG(path.lstat().st_mode)
        assert not list(Path("/tmp").glob("evil*"))


def make_zip(path: Path, *members, compress=zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compress) as archive:
        for name, body in members:
            archive.writestr(name, body)
    return path


def make_tar(path: Path, *members, mode="w", opener=None) -> Path:
    with tarfile.open(path, mode) as archive:
        for info, body in members:
            info = tarfile.TarInfo(info) if isinstance(info, str) else info
            info.size = len(body)
            archive.addfile(info, io.BytesIO(body))
    return path


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_names_that_point_elsewhere_in_a_zip(tmp_path, name):
    found = unpacked(make_zip(tmp_path / "a.zip", (zipfile.ZipInfo(name[:60000] or "x"), b"x"), ("fine", b"fine")), tmp_path)
    assert any(path.read_bytes() == b"fine" for path, _ in found.files)
    assert all(part.isprintable() and len(part) <= 120 and ".." not in part.split("/") for _, part in found.files)


@pytest.mark.parametrize("name", NAMES[:15], ids=range(15))
def test_names_that_point_elsewhere_in_a_tar(tmp_path, name):
    found = unpacked(make_tar(tmp_path / "a.tar", (name, b"x"), ("fine", b"fine")), tmp_path)
    assert [p.read_bytes() for p, n in found.files if n == "fine"] == [b"fine"]


def test_a_name_that_the_reader_itself_cannot_stand_is_a_refusal(tmp_path):
    with pytest.raises(DataRefused, match="damaged"):
        unpacked(make_zip(tmp_path / "a.zip", (zipfile.ZipInfo("\x00evil"), b"x")), tmp_path)


@pytest.mark.parametrize("kind", KINDS)
def test_links_and_devices_are_left_out(tmp_path, kind):
    info = tarfile.TarInfo("link")
    info.type, info.linkname = kind, "/etc/passwd"
    found = unpacked(make_tar(tmp_path / "a.tar", (info, b""), ("fine", b"fine")), tmp_path)
    names = [n for _, n in found.files]
    assert "fine" in names and (("link" not in names) or kind == tarfile.CONTTYPE)


def test_a_file_written_through_a_link_stays_inside(tmp_path):
    link = tarfile.TarInfo("out")
    link.type, link.linkname = tarfile.SYMTYPE, str(tmp_path / "victim")
    found = unpacked(make_tar(tmp_path / "a.tar", (link, b""), ("out/evil", b"x")), tmp_path)
    assert not (tmp_path / "victim").exists() and len(found.files) == 1


def test_a_link_in_a_zip_is_left_out(tmp_path):
    info = zipfile.ZipInfo("link")
    info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    found = unpacked(make_zip(tmp_path / "a.zip", (info, "/etc/passwd")), tmp_path)
    assert not found.files and "a link or a device" in found.left_out[0][1]


@pytest.mark.parametrize("opener", [gzip.compress, bz2.compress, lzma.compress, bytes])
def test_bombs_in_every_packing_stop(tmp_path, opener):
    body = io.BytesIO()
    with tarfile.open(fileobj=body, mode="w") as archive:
        for number in range(6):
            info = tarfile.TarInfo(f"zeros{number}")
            info.size = 3 << 20
            archive.addfile(info, io.BytesIO(bytes(3 << 20)))
    (tmp_path / "a.tar.gz").write_bytes(opener(body.getvalue()))
    with pytest.raises(DataRefused, match=r"it looks like a bomb|promises more"):
        unpacked(tmp_path / "a.tar.gz", tmp_path)
    assert not any((tmp_path / "inside/out").iterdir())


def test_a_zip_bomb_stops_before_the_disk_is_full(tmp_path):
    path = make_zip(tmp_path / "a.zip", *((f"{n}", bytes(3 << 20)) for n in range(6)))
    with pytest.raises(DataRefused, match=r"bomb|promises"):
        unpacked(path, tmp_path)
    assert not any((tmp_path / "inside/out").iterdir())


def test_a_member_that_lies_about_its_size_stops(tmp_path):
    path = make_zip(tmp_path / "a.zip", ("zeros", bytes(6 << 20)))
    body = path.read_bytes().replace(struct.pack("<I", 6 << 20), struct.pack("<I", 100))
    path.write_bytes(body)
    with pytest.raises(DataRefused):
        unpacked(path, tmp_path)


def test_too_many_members_and_promises_are_refused(tmp_path):
    with pytest.raises(DataRefused, match="more than 50 files"):
        unpacked(make_zip(tmp_path / "a.zip", *((str(n), b"") for n in range(51))), tmp_path)
    big = tarfile.TarInfo("big")
    big.size = 1 << 40
    (tmp_path / "b.tar").write_bytes(big.tobuf(tarfile.GNU_FORMAT) + bytes(2048))
    with pytest.raises(DataRefused, match="promises more"):
        unpacked(tmp_path / "b.tar", tmp_path)


@pytest.mark.parametrize("kind", [tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE, tarfile.XGLTYPE])
def test_headers_that_claim_gigabytes_are_not_read(tmp_path, kind):
    info = tarfile.TarInfo("x")
    info.type, info.size = kind, 3 << 30
    body = info.tobuf(tarfile.GNU_FORMAT)
    (tmp_path / "a.tar.gz").write_bytes(gzip.compress(body + bytes(1 << 20)))
    assert not is_archive(tmp_path / "a.tar.gz")
    with pytest.raises(DataRefused, match="damaged"):
        unpacked(tmp_path / "a.tar.gz", tmp_path)


@pytest.mark.parametrize("cut", [10, 200, 900, -30])
def test_cut_off_archives_are_refused_and_leave_nothing(tmp_path, cut):
    body = make_zip(tmp_path / "a.zip", *((str(n), bytes(range(256)) * 9) for n in range(4))).read_bytes()
    (tmp_path / "b.zip").write_bytes(body[:cut])
    with pytest.raises(DataRefused, match=r"damaged|cannot"):
        unpacked(tmp_path / "b.zip", tmp_path)
    assert not any((tmp_path / "inside/out").iterdir())


def test_wrong_checksums_and_encryption(tmp_path):
    path = make_zip(tmp_path / "a.zip", ("x", b"hello world"), compress=zipfile.ZIP_STORED)
    crc = struct.pack("<I", zlib.crc32(b"hello world"))
    path.write_bytes(path.read_bytes().replace(crc, b"\1\2\3\4"))
    with pytest.raises(DataRefused):
        unpacked(path, tmp_path)
    info = zipfile.ZipInfo("secret")
    path = make_zip(tmp_path / "b.zip", (info, b"x"))
    body = bytearray(path.read_bytes())
    body[6] |= 1
    body[body.index(b"PK\1\2") + 8] |= 1
    path.write_bytes(body)
    assert unpacked(path, tmp_path).left_out == [("secret", "encrypted")]


def test_archives_are_known_by_their_bytes(tmp_path):
    assert is_archive(make_zip(tmp_path / "study.bin", ("x", b"x")))
    assert is_archive(make_tar(tmp_path / "a.tgz", ("x", b"x"), mode="w:gz"))
    (tmp_path / "text.tar").write_text("no archive")
    (tmp_path / "scan.nii.gz").write_bytes(gzip.compress(bytes(1000)))
    (tmp_path / "link.zip").symlink_to(tmp_path / "study.bin")
    assert not any(is_archive(tmp_path / n) for n in ("text.tar", "scan.nii.gz", "link.zip", "absent"))
