"""The tissue of a case on the baseline grid."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from twin.case.files import Files, whole_numbers
from twin.case.head import head_fractions
from twin.case.parts import TissueEntry, VisitEntry
from twin.case.units import SHARE, tidy
from twin.errors import DataRefused
from twin.grid import Grid
from twin.imaging.image import Image
from twin.imaging.resample import coverage, resample
from twin.medium import Medium


def build_medium(entry: TissueEntry, files: Files, grid: Grid, first: VisitEntry) -> Medium:
    """The tissue geometry on ``grid``; ``first`` is the baseline visit's entry."""
    domain = None if entry.mask is None else _mask(files.read(entry.mask), grid)
    if domain is not None and not domain.any():
        raise DataRefused(
            f"The tissue mask {entry.mask} is empty on the baseline grid.",
            where=f"tissue, mask: {entry.mask}",
            why="a tumour cannot grow anywhere",
            remedy="check that the mask belongs to the baseline scan",
        )
    if entry.preset == "mni152" and entry.registration != "none":
        brain = None if entry.mask is None else files.read(entry.mask)
        return _normalised(
            grid, head_fractions(entry, entry.registration, first, files, grid, brain), domain, entry.threshold
        )
    if entry.preset == "mni152":
        return _of_template(grid, domain, entry.threshold)
    if entry.maps is not None:
        return _of_maps(entry, files, grid, domain)
    if entry.labels is not None:
        return _of_labels(entry, files, grid, domain)
    assert domain is not None
    return Medium.of_one_tissue(grid, domain, entry.name)


def _of_maps(entry: TissueEntry, files: Files, grid: Grid, domain: np.ndarray | None) -> Medium:
    factor = SHARE[tidy(entry.unit)]
    fractions = {}
    for tissue, file in entry.tissue_maps().items():
        image = files.read(file)
        _check_overlap(image, grid, f"tissue, maps, {tissue}: {file}")
        fractions[tissue] = scaled(resample(image, grid), factor)
        _check_probability(fractions[tissue], file, entry.unit)
    return _normalised(grid, fractions, domain, entry.threshold)


def scaled(values: np.ndarray, factor: float) -> np.ndarray:
    """``values`` times ``factor`` in single precision; floats that need no factor stay as they are."""
    if values.dtype.kind == "f" and factor == 1:
        return values
    return values.astype(np.float32) * np.float32(factor)


def _check_probability(values: np.ndarray, file: str, unit: str) -> None:
    low, high = float(values.min()), float(values.max())
    if low < -0.01 or high > 1.01:
        raise DataRefused(
            f"The tissue map {file} runs from {low:g} to {high:g} after its unit ({unit}); a probability lies in 0 to 1.",
            where=f"tissue, maps: {file}",
            why="a unit is never guessed from the values",
            remedy="declare the unit of the maps: 0-1, percent or 0-255",
        )


def _normalised(grid: Grid, fractions: Mapping[str, np.ndarray], domain: np.ndarray | None, threshold: float) -> Medium:
    """Maps that already add up to one inside the mask stay as they are, bit for bit."""
    total = np.sum(list(fractions.values()), axis=0)
    if domain is None:
        return Medium.of_fractions(grid, fractions, threshold)
    inside = {name: np.where(domain, f, np.float32(0)) for name, f in fractions.items()}
    if np.allclose(total[domain], 1.0, atol=1e-5):
        return Medium(grid, domain, inside)
    limited = Medium.of_fractions(grid, inside, threshold)
    return limited


def _of_labels(entry: TissueEntry, files: Files, grid: Grid, domain: np.ndarray | None) -> Medium:
    numbers = _labels(files.read(entry.labels or ""), grid)
    names = entry.numbers()
    masks = {name: np.isin(numbers, group) for name, group in names.items()}
    if domain is not None:
        masks = {name: mask & domain for name, mask in masks.items()}
    if entry.unlabelled is not None and domain is not None:
        masks[entry.unlabelled] |= domain & ~np.logical_or.reduce(list(masks.values()))
    missing = [name for name, mask in masks.items() if not mask.any()]
    if missing:
        present = ", ".join(str(n) for n in np.unique(numbers)[:20])
        raise DataRefused(
            f"The tissue {' and '.join(missing)} has no voxel in {entry.labels}.",
            where=f"tissue, names: {entry.labels}",
            why="the numbers in a label file mean different things in different conventions",
            remedy=f"check the numbers; the file holds {present}",
        )
    return Medium(grid, np.logical_or.reduce(list(masks.values())), {n: m.astype(np.float32) for n, m in masks.items()})


def _of_template(grid: Grid, domain: np.ndarray | None, threshold: float) -> Medium:
    from twin.imaging.mni152 import load_mni152

    template = load_mni152()
    brain = Image(template.white + template.grey, template.grid, "the MNI152 template")
    _check_overlap(brain, grid, "tissue, preset: mni152")
    white = resample(Image(template.white, template.grid), grid)
    grey = resample(Image(template.grey, template.grid), grid)
    return _normalised(grid, {"white": white, "grey": grey}, domain, threshold)


def _mask(image: Image, grid: Grid) -> np.ndarray:
    """Where a mask, or a skull-stripped image, is not zero."""
    _check_overlap(image, grid, f"tissue: {image.source}")
    values = image.values
    if values.dtype.kind == "f" and values.max() <= 1 and np.any((values > 0) & (values < 1)):
        raise DataRefused(
            f"{image.source} is a probability, not a mask.",
            where=f"tissue, mask: {image.source}",
            why="every voxel with the smallest probability would count as tissue",
            remedy="name it under `maps`, for instance maps: {brain: file}, with `threshold`",
        )
    return resample(Image((values > 0).astype(np.uint8), image.grid, image.source), grid, labels=True) > 0


def _labels(image: Image, grid: Grid) -> np.ndarray:
    _check_overlap(image, grid, f"tissue: {image.source}")
    return resample(whole_numbers(image), grid, labels=True)


def _check_overlap(image: Image, grid: Grid, where: str) -> None:
    """Refuse a tissue image of which hardly anything lies on the baseline grid."""
    if image.grid.same_as(grid):
        return
    share = coverage(grid, image.grid, image.values > 0)
    if share < 0.05:
        raise mismatched(image.source, "the baseline scan", 100 * share, where)


def mismatched(one: str, other: str, percent: float, where: str) -> DataRefused:
    return DataRefused(
        f"{one} and {other} do not lie in the same place: only {percent:.0f} % overlap.",
        where=where,
        why="their headers put them into different frames; voxels would be compared with the wrong place",
        remedy="register them first, or export both from the same study; `registration: rigid` mends small differences only",
    )
