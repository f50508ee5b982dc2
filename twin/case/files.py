"""The image files of one case: each checked once, read once, named in messages as the case names it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from twin.case.problems import Problems
from twin.errors import DataRefused
from twin.imaging.image import Image
from twin.imaging.read import check_file, read_image


class Files:
    """Reads the images below ``base``. A file that is wanted again is read again only if another was read between."""

    def __init__(self, base: Path):
        self.base = base
        self._last: tuple[str, Image] | None = None

    def check(self, names: Iterable[str], problems: Problems) -> None:
        """Refuse every file that is missing, damaged or has an unusable header, without reading its voxels."""
        for name in names:
            with problems.gather():
                check_file(self.base / name, name)

    def read(self, name: str) -> Image:
        if self._last is None or self._last[0] != name:
            self._last = (name, read_image(self.base / name, name))
        return self._last[1]


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
