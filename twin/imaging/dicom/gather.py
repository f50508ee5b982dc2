"""The files of a study: in a folder, in a zip or tar, or in archives within the folder. Links are not followed."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from twin.errors import DataRefused
from twin.imaging.archive import is_archive, unpack
from twin.imaging.bids import bids_files, lay_out
from twin.imaging.dicom.file import Source, is_dicom
from twin.imaging.read import ENDINGS

MOST_FILES = 200_000
SHOWN = 5


@dataclass(frozen=True)
class Gathered:
    """DICOM files with the words that name them, how many other files were passed over, and, where there is no DICOM file,
    the BIDS-like tree that is there or came out of the archives, and the images that belong to none."""

    sources: tuple[Source, ...]
    others: int
    remarks: tuple[str, ...]
    tree: Path | None = None
    loose: tuple[str, ...] = ()


@contextmanager
def gathered(source: Path, named: bool = True) -> Iterator[Gathered]:
    """The DICOM files of ``source``; archives are unpacked into a folder that is removed at the end.

    ``named``: messages may name files; otherwise they are called "file 12".
    """
    if not source.exists():
        raise DataRefused(
            f"There is no folder or archive at {source}." if named else "There is no folder or archive at the place given.",
            remedy="give the folder, zip or tar that the PACS exported",
        )
    with tempfile.TemporaryDirectory(prefix="oncotwin-") as scratch:
        yield _gather(source, Path(scratch), named)


def _gather(source: Path, scratch: Path, named: bool) -> Gathered:
    pairs, unpacked_pairs, remarks = [], [], []
    for number, (path, name) in enumerate(_plain_files(source)):
        if is_archive(path):
            try:
                unpacked = unpack(path, scratch / f"{number:06d}")
            except DataRefused as refusal:
                refusal.where = name if named else f"archive {number + 1}"
                if path == source:
                    raise refusal from None
                remarks.append(f"{refusal.where} was left out: {refusal.what}")
                continue
            pairs += [(p, f"{name}: {inner}") for p, inner in unpacked.files]
            unpacked_pairs += unpacked.files
            remarks += _left_out(unpacked.left_out, named)
        else:
            pairs.append((path, name))
    found = [(p, n) for p, n in pairs if is_dicom(p)]
    sources = tuple(Source(p, n if named else f"file {i + 1}", named) for i, (p, n) in enumerate(found))
    tree = source if source.is_dir() and bids_files(source) else None
    if tree is None and not found:
        tree = lay_out(unpacked_pairs, scratch / "tree")
    taken = set() if tree is None else {file.path for file in bids_files(tree)}
    loose = tuple(n for p, n in pairs if n.lower().endswith(ENDINGS) and p not in taken and p.exists())
    if tree is not None and loose:
        remarks.append(f"{_count(len(loose), 'image')} not named as BIDS names them passed over{_names(loose, named)}")
    return Gathered(sources, len(pairs) - len(found), tuple(remarks), tree, loose)


def _left_out(left_out: Sequence[tuple[str, str]], named: bool) -> list[str]:
    """What an archive held that was not unpacked: the reasons with their numbers, and names where they may be said."""
    if not left_out:
        return []
    reasons = Counter(reason for _, reason in left_out)
    listed = ", ".join(f"{reason} ({count})" for reason, count in reasons.items())
    names = _names([name for name, _ in left_out], named)
    return [f"{_count(len(left_out), 'member')} of an archive left out, {listed}{names}"]


def _names(names: Sequence[str], named: bool) -> str:
    return ": " + ", ".join([*names[:SHOWN], *["..."] * (len(names) > SHOWN)]) if named else ""


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number > 1)}"


def _plain_files(source: Path) -> list[tuple[Path, str]]:
    if source.is_file():
        return [(source, source.name)]
    found = []
    for folder, folders, names in os.walk(source, followlinks=False):
        folders.sort()
        for name in sorted(names):
            path = Path(folder, name)
            if path.is_file() and not path.is_symlink():
                found.append((path, path.relative_to(source).as_posix()))
        if len(found) > MOST_FILES:
            raise DataRefused(
                f"The folder holds more than {MOST_FILES:,} files.",
                remedy="give the folder of one patient, not of the whole archive",
            )
    return found
