"""Looking at what a person has before there is a case: a DICOM study, a tree of images, a single image."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from twin.case.inspection import Inspection
from twin.case.orientation import grid_words
from twin.errors import DataRefused, UsageError
from twin.imaging.image import Image
from twin.imaging.read import ENDINGS, read_image
from twin.progress import SILENT, Progress

MOST_LABELS = 16
"""An image of at most so many whole numbers is taken for a segmentation."""


def is_source(path: Path) -> bool:
    """Whether ``path`` is there and is something to import, not a case: a folder without case.yaml, an archive, an image."""
    if path.is_dir():
        return not (path / "case.yaml").is_file()
    return path.is_file() and path.suffix.lower() not in (".yaml", ".yml")


def inspect_source(path: Path, progress: Progress = SILENT) -> Inspection:
    """What an import of ``path`` would find and ask; nothing is kept."""
    if path.is_file() and path.name.lower().endswith(ENDINGS):
        return _inspect_image(path)
    from twin.imaging.dicom import import_study

    with tempfile.TemporaryDirectory(prefix="oncotwin-") as scratch:
        try:
            found = import_study(path, Path(scratch, "case"), progress=progress)
        except (DataRefused, UsageError) as refused:
            return Inspection(("Nothing here can be used yet.",), (_data(refused),))
    advice = "No case yet: `oncotwin import` makes one of it, with --out CASE, and asks what is left to answer."
    return Inspection((*found.lines, "", advice), found.problems, facts=found.facts)


def _data(refused: DataRefused | UsageError) -> DataRefused:
    return refused if isinstance(refused, DataRefused) else DataRefused(refused.what, remedy=refused.remedy)


def _inspect_image(path: Path) -> Inspection:
    try:
        image = read_image(path)
    except DataRefused as refused:
        return Inspection(("The image cannot be used yet.",), (refused,))
    lines = [f"{path.name}: {_content(image)}", *(f"  {line}" for line in grid_words(image.grid))]
    lines += [f"  {image.note}"] if image.note else []
    advice = "An image alone is no case: name it in a case.yaml (`oncotwin new FOLDER` writes one to fill in)."
    return Inspection((*lines, "", advice), ())


def _content(image: Image) -> str:
    """A segmentation with the volume of every number, or an image with its range."""
    found, counts = np.unique(image.values, return_counts=True)
    if found.size <= MOST_LABELS and np.array_equal(found, np.rint(found)) and found.min() >= 0:
        volumes = [f"number {int(n)} is {c * image.grid.voxel_ml:.2f} mL" for n, c in zip(found, counts, strict=True) if n]
        return "a segmentation (whole numbers only): " + (", ".join(volumes) or "empty, nothing is outlined")
    low, high = np.quantile(image.values, (0.01, 0.99))
    middle = f"98 % of them from {low:.4g} to {high:.4g}"
    return f"an image, values from {found[0]:.4g} to {found[-1]:.4g} ({middle}); no unit is stated"
