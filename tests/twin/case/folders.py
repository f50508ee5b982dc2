"""A small patient folder as a user would have it, to be spoilt in one place at a time."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from twin.case import inspect_case, load_case
from twin.errors import DataRefused
from twin.grid import Grid
from twin.imaging.write import write_image

GRID = Grid((12, 24, 20), (2.0, 1.5, 1.5), (10.0, -20.0, 5.0))

CASE: dict[str, Any] = {
    "patient": "case-01",
    "site": "brain",
    "visits": [
        {
            "day": 0,
            "images": {"t1gd": "day0/t1gd.nii.gz", "adc": {"file": "day0/adc.nii.gz", "unit": "1e-6 mm2/s"}},
            "segmentations": [{"file": "day0/seg.nii.gz", "preset": "brats2021"}],
        },
        {
            "day": 30,
            "images": {"t1gd": "day30/t1gd.nii.gz", "adc": {"file": "day30/adc.nii.gz", "unit": "1e-6 mm2/s"}},
            "segmentations": [{"file": "day30/seg.nii.gz", "preset": "brats2021"}],
        },
    ],
    "tissue": {"mask": "brain.nii.gz", "name": "brain"},
    "treatments": [
        {"radiotherapy": "60 Gy", "fractions": 30, "from_day": 35},
        {"drug": "temozolomide", "amount": "75 mg/m2", "days": "during radiotherapy"},
    ],
}


def brain(grid: Grid = GRID) -> np.ndarray:
    mask = np.zeros(grid.shape, np.uint8)
    mask[1:-1, 2:-2, 2:-2] = 1
    return mask


def segmentation(radius: int, grid: Grid = GRID) -> np.ndarray:
    """BraTS 2021 numbers: 2 oedema around 4 enhancing around 1 necrosis."""
    z, y, x = (n // 2 for n in grid.shape)
    labels = np.zeros(grid.shape, np.uint8)
    for number, r in ((2, radius), (4, radius - 1), (1, radius - 2)):
        labels[z - r : z + r, y - r : y + r, x - r : x + r] = number
    return labels


def adc(labels: np.ndarray) -> np.ndarray:
    return np.where(labels > 0, 1500.0, 2500.0).astype(np.float32)


def good(folder: Path) -> Path:
    """Write the case; returns the folder."""
    rng = np.random.default_rng(3)
    write_image(folder / "brain.nii.gz", brain(), GRID)
    for day, radius in ((0, 3), (30, 4)):
        labels = segmentation(radius)
        write_image(folder / f"day{day}/seg.nii.gz", labels, GRID)
        write_image(folder / f"day{day}/adc.nii.gz", adc(labels), GRID)
        write_image(
            folder / f"day{day}/t1gd.nii.gz", (100 * brain() + rng.normal(0, 5, GRID.shape)).astype(np.float32), GRID
        )
    save(folder, CASE)
    return folder


def save(folder: Path, content: Any) -> None:
    text = content if isinstance(content, str) else yaml.safe_dump(content, sort_keys=False)
    (folder / "case.yaml").write_text(text, encoding="utf-8")


def spoil(folder: Path, *path: Any, value: Any = None, remove: bool = False) -> None:
    """Set (or remove) one entry of the case file."""
    content = copy.deepcopy(yaml.safe_load((folder / "case.yaml").read_text()))
    place = content
    for key in path[:-1]:
        place = place[key]
    if remove:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    save(folder, content)


def refused(folder: Path, what: str, *, where: str, why: str, remedy: str, count: int = 1) -> DataRefused:
    """The case is refused with exit code 3 and with these words; ``inspect_case`` lists the same problem."""
    with pytest.raises(DataRefused) as caught:
        load_case(folder)
    error = caught.value
    assert error.exit_code == 3
    problems = inspect_case(folder).problems
    assert len(problems) == count, [str(p) for p in problems]
    if count == 1:
        assert str(problems[0]) == str(error)
    for part, words in (("what", what), ("where", where), ("why", why), ("remedy", remedy)):
        assert words in getattr(error, part), f"{part}: {getattr(error, part)!r}"
    return error
