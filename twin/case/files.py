"""The image files of one case: each checked once, read once, named in messages as the case names it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from twin.case.problems import Problems
from twin.errors import DataRefused
from twin.imaging.image import Image
from twin.imaging.read import check_file, read_image


class Files:
    """Reads the images below ``base``. A file that is wanted again is read again only if another was read between."""

    def __init__(self, base: Path, straighten: bool = False):
        self.base, self.straighten = base, straighten
        self.notes: list[str] = []
        self._last: tuple[str, Image] | None = None

    def check(self, named: Mapping[str, str], problems: Problems) -> None:
        """Refuse every file that is missing, damaged or has an unusable header, without reading its voxels.

        ``named``: file -> what the case names it for.
        """
        missing = [name for name in named if not (self.base / name).is_file()]
        if len(missing) > 1:
            problems.add(_several_missing(missing, named))
        for name, use in named.items():
            if len(missing) > 1 and name in missing:
                continue
            with problems.gather(use):
                check_file(self.base / name, name, sheared=self.straighten)

    def read(self, name: str) -> Image:
        if self._last is None or self._last[0] != name:
            image = read_image(self.base / name, name, straighten=self.straighten)
            if image.note and image.note not in self.notes:
                self.notes.append(image.note)
            self._last = (name, image)
        return self._last[1]


def _several_missing(missing: Sequence[str], named: Mapping[str, str]) -> DataRefused:
    listed = "; ".join(f"{name} ({named[name]})" for name in missing[:8])
    more = f" and {len(missing) - 8} more" if len(missing) > 8 else ""
    return DataRefused(
        f"{len(missing)} files that the case names are not there: {listed}{more}.",
        where="the folder of the case file",
        why="the twin needs every image that the case names",
        remedy="check the names (capital letters count) and that they are relative to the case file, or delete the entries",
    )


def whole_numbers(image: Image) -> Image:
    """The image as label numbers, or a refusal where its voxels are not whole."""
    import numpy as np

    values = image.values
    if values.dtype.kind == "f":
        rounded = np.rint(values)
        if np.abs(values - rounded).max() > 1e-3:
            raise DataRefused(
                f"{image.source} holds numbers that are not whole, so it is no label file.",
                where=image.source,
                why="a probability has no label; a threshold would have to be guessed",
                remedy="threshold it where you segmented, or save labels instead of probabilities",
            )
        values = rounded
    if values.size and (values.min() < 0 or values.max() > 65535):
        raise DataRefused(
            f"{image.source} holds label numbers from {values.min():g} to {values.max():g}.",
            where=image.source,
            why="labels are whole numbers from 0 to 65535",
            remedy="check that this is the segmentation and not the image",
        )
    return Image(values.astype(np.uint16), image.grid, image.source)
