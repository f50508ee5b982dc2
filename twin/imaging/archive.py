"""Unpacking zip and tar archives that strangers packed: nothing is written outside, nothing grows without a limit.

No member's name ever becomes a path: files are written as ``000001``, ``000002`` ... and their names are kept beside them
for messages. Links, devices and encrypted members are refused; so are archives inside archives beyond one level.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any

from twin.errors import DataRefused

ENDINGS = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
BLOCK = 1 << 20

_DAMAGED = (
    OSError,
    EOFError,
    ValueError,
    KeyError,
    IndexError,
    OverflowError,
    NotImplementedError,
    RuntimeError,
    struct.error,
    zlib.error,
    lzma.LZMAError,
    tarfile.TarError,
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
)
"""What zipfile, tarfile and the decoders below them raise on a damaged archive; anything else is our own fault."""

HEADER_LIMIT = 4 << 20


@dataclass(frozen=True)
class Limits:
    """How much may come out of one archive. ``ratio``: unpacked bytes per packed byte, counted above ``grace`` bytes."""

    members: int = 200_000
    bytes: int = 64 << 30
    member_bytes: int = 8 << 30
    ratio: float = 200.0
    grace: int = 64 << 20


@dataclass
class Unpacked:
    """The files that came out, with the names they had inside, and what was left out and why."""

    files: list[tuple[Path, str]] = field(default_factory=list)
    left_out: list[tuple[str, str]] = field(default_factory=list)


def is_archive(path: Path) -> bool:
    """Whether the name and the first bytes say zip or tar."""
    if not path.is_file() or path.is_symlink():
        return False
    return zipfile.is_zipfile(path) or (path.name.lower().endswith(ENDINGS) and _is_tar(path))


def _is_tar(path: Path) -> bool:
    try:
        with _open_tar(path) as archive:
            return archive.next() is not None
    except _DAMAGED:
        return False


def unpack(path: Path, folder: Path, limits: Limits | None = None) -> Unpacked:
    """Unpack ``path`` into the empty ``folder``; refused, and cleaned up, when it is damaged or too much."""
    budget = _Budget(limits or Limits(), path)
    folder.mkdir(parents=True, exist_ok=True)
    found = Unpacked()
    try:
        members = _zip_members(path) if zipfile.is_zipfile(path) else _tar_members(path)
        for name, size, problem, opened in members:
            budget.member(size)
            if problem:
                budget.spend(size, size)
                found.left_out.append((_shown(name), problem))
                continue
            target = folder / f"{len(found.files) + 1:06d}"
            _copy(opened, target, budget)
            found.files.append((target, _shown(name)))
    except DataRefused:
        _remove(found)
        raise
    except _DAMAGED as error:
        _remove(found)
        raise refuse(path, f"is damaged or not an archive that can be read ({type(error).__name__})") from None
    return found


def _remove(found: Unpacked) -> None:
    for target, _ in found.files:
        target.unlink(missing_ok=True)


def _shown(name: str) -> str:
    """A member's name for messages only: its last parts, printable, short."""
    parts = [p for p in PurePosixPath(name.replace("\\", "/")).parts if p not in ("/", "..", ".")]
    return "".join(c if c.isprintable() else "?" for c in "/".join(parts[-3:]))[:120] or "unnamed"


def refuse(path: Path, what: str, why: str = "") -> DataRefused:
    return DataRefused(
        f"The archive {what}.",
        where=path.name,
        why=why,
        remedy="export it again, or unpack it yourself with a program you trust and give the folder",
    )


class _Budget:
    """Counts what comes out; refuses at the limit, before more is written."""

    def __init__(self, limits: Limits, path: Path):
        self.limits, self.path, self.packed = limits, path, max(1, path.stat().st_size)
        self.members, self.bytes = 0, 0

    def member(self, size: int) -> None:
        self.members += 1
        if self.members > self.limits.members:
            raise refuse(self.path, f"holds more than {self.limits.members:,} files")
        if size > self.limits.member_bytes or self.bytes + size > self.limits.bytes:
            raise refuse(self.path, f"promises more than {self.limits.member_bytes >> 20:,} MiB", "it would fill the disk")

    def spend(self, count: int, in_member: int) -> None:
        self.bytes += count
        over = self.bytes > self.limits.bytes or in_member > self.limits.member_bytes
        if over or (self.bytes > self.limits.grace and self.bytes > self.limits.ratio * self.packed):
            raise refuse(
                self.path, f"unpacks to more than {self.bytes >> 20:,} MiB: it looks like a bomb", "the disk would fill"
            )


Opened = Callable[[], "IO[bytes] | None"]


def _copy(opened: Opened, target: Path, budget: _Budget) -> None:
    total = 0
    with _stream(opened) as stream, target.open("xb") as out:
        try:
            while block := stream.read(BLOCK):
                total += len(block)
                budget.spend(len(block), total)
                out.write(block)
        except BaseException:
            target.unlink(missing_ok=True)
            raise


@contextmanager
def _stream(opened: Opened) -> Iterator[IO[bytes]]:
    stream = opened()
    if stream is None:
        raise ValueError("a member without content")
    try:
        yield stream
    finally:
        stream.close()


Member = tuple[str, int, str, Opened]


def _zip_members(path: Path) -> Iterator[Member]:
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            if info.is_dir():
                continue
            yield info.filename, info.file_size, _zip_problem(info), lambda i=info: archive.open(i)  # type: ignore[misc]


def _zip_problem(info: zipfile.ZipInfo) -> str:
    kind = (info.external_attr >> 16) & 0o170000
    if info.flag_bits & 1:
        return "encrypted"
    return "a link or a device" if kind not in (0, 0o100000) else _name_problem(info.filename)


def _tar_members(path: Path) -> Iterator[Member]:
    with _open_tar(path) as archive:
        while (info := archive.next()) is not None:
            archive.members = []  # type: ignore[attr-defined]
            if info.isdir():
                continue
            yield info.name, max(0, info.size), _tar_problem(info), lambda i=info: archive.extractfile(i)  # type: ignore[misc]


class _Cautious(io.BufferedIOBase):
    """Refuses to hand out more at once than a header may hold: a tar header can claim to be gigabytes long."""

    def __init__(self, inner: Any):
        self.inner = inner

    def read(self, count: int | None = -1) -> bytes:
        if count is None or count < 0 or count > HEADER_LIMIT:
            raise ValueError("a header too long")
        return self.inner.read(count)

    def seek(self, place: int, whence: int = 0) -> int:
        return self.inner.seek(place, whence)

    def tell(self) -> int:
        return self.inner.tell()


@contextmanager
def _open_tar(path: Path) -> Iterator[tarfile.TarFile]:
    with path.open("rb") as stream:
        start = stream.read(6)
    openers: dict[bytes, Callable[..., Any]] = {b"\x1f\x8b": gzip.open, b"BZ": bz2.open, b"\xfd7": lzma.open}
    packed = openers.get(start[:2], open)
    with packed(path, "rb") as inner, tarfile.open(fileobj=_Cautious(inner), mode="r:") as archive:
        yield archive


def _tar_problem(info: Any) -> str:
    if info.issparse():
        return "a sparse file"
    return _name_problem(info.name) if info.isreg() else "a link or a device"


def _name_problem(name: str) -> str:
    plain = name.replace("\\", "/")
    if plain.startswith("/") or ":" in plain[:3] or ".." in plain.split("/"):
        return "a name that points outside"
    return ""
