"""Lesions are matched across dates: each kind of change, in words and numbers."""

from __future__ import annotations

import numpy as np
import pytest

from twin.geometry.lesions import described, lesions, match
from twin.grid import Grid

GRID = Grid((20, 20, 60), (2.0, 1.0, 1.0))


def balls(*places: tuple[int, int]) -> np.ndarray:
    """(x, radius) each."""
    z, y, x = np.indices(GRID.shape)
    return np.logical_or.reduce(
        [((z - 10) * 2) ** 2 + (y - 10) ** 2 + (x - at) ** 2 <= r * r for at, r in places] or [np.zeros(GRID.shape, bool)]
    )


@pytest.mark.parametrize(
    ("before", "after", "changes", "words"),
    [
        ([(10, 4)], [(10, 6)], ["grown"], "lesion 1 grown, 0.25 to 0.9"),
        ([(10, 6)], [(10, 4)], ["shrunk"], "%)"),
        ([(10, 6)], [(11, 6)], ["stable"], "(+0 %)"),
        ([(10, 4), (40, 6)], [(40, 6)], ["stable", "gone"], "lesion 2 gone, was 0.25 mL"),
        ([(40, 6)], [(40, 6), (10, 4)], ["stable", "new"], "new lesion 2, 0.25 mL"),
        ([(10, 4), (24, 5)], [(17, 11)], ["merged"], "lesions 1 and 2 merged into lesion 1"),
        ([(17, 11)], [(10, 4), (24, 5)], ["split"], "lesion 1 split into lesions 1 and 2"),
        ([(10, 4)], [(10, 4), (40, 6)], ["stable", "new"], "lesion 1 stable as lesion 2"),
        ([], [(10, 4)], ["new"], "new lesion 1"),
        ([(10, 4)], [], ["gone"], "gone"),
        ([], [], [], ""),
    ],
)
def test_changes(before, after, changes, words):
    found = match(balls(*before), balls(*after), GRID)
    assert [m.change for m in found] == changes
    assert words in "; ".join(described(found))
    assert sum(m.before_ml for m in found) == pytest.approx(balls(*before).sum() * GRID.voxel_ml)
    assert sum(m.after_ml for m in found) == pytest.approx(balls(*after).sum() * GRID.voxel_ml)


def test_lesions_near_one_another_are_the_same_and_specks_are_none():
    assert [m.change for m in match(balls((10, 4)), balls((20, 4)), GRID)] == ["stable"]
    assert [m.change for m in match(balls((10, 4)), balls((23, 4)), GRID)] == ["gone", "new"]
    speck = np.zeros(GRID.shape, bool)
    speck[1, 1, 1:3] = True
    labels, count = lesions(balls((10, 4), (40, 6)) | speck)
    assert count == 2 and (labels == 1).sum() > (labels == 2).sum() and not labels[1, 1, 1]
