"""Lesions matched from one scan to the next: new, gone, grown, shrunk, stable, merged, split."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from twin.geometry.measure import volume_ml
from twin.grid import Grid

Change = Literal["new", "gone", "grown", "shrunk", "stable", "merged", "split"]

NEAR_MM = 2.0
"""Lesions whose borders come this close from one scan to the next are the same: scans are never aligned better."""

STABLE_PERCENT = 20.0
"""A change of volume below this is within the error of drawing."""

LEAST_VOXELS = 3


@dataclass(frozen=True)
class Match:
    """What became of ``before`` (numbers of lesions, largest is 1, on the earlier scan): ``after`` on the later one."""

    change: Change
    before: tuple[int, ...]
    after: tuple[int, ...]
    before_ml: float
    after_ml: float

    @property
    def percent(self) -> float | None:
        """Change of the volume in percent; None for a new lesion."""
        return None if self.before_ml == 0 else 100 * (self.after_ml / self.before_ml - 1)


def lesions(mask: np.ndarray) -> tuple[np.ndarray, int]:
    """Each separate lesion of a mask (bool, z y x) by a number, the largest is 1; and how many there are.

    Voxels that touch at a corner belong together; specks of fewer than LEAST_VOXELS voxels are no lesions.
    """
    from scipy import ndimage

    labels, _ = ndimage.label(mask, np.ones((3, 3, 3)))
    sizes = np.bincount(labels.ravel())[1:]
    order = [int(k) + 1 for k in np.argsort(-sizes, kind="stable") if sizes[k] >= LEAST_VOXELS]
    number = np.zeros(len(sizes) + 1, np.int32)
    number[order] = np.arange(1, len(order) + 1)
    return number[labels], len(order)


def match(before: np.ndarray, after: np.ndarray, grid: Grid) -> list[Match]:
    """What became of every lesion between two scans on one grid (bool, z y x); largest groups first, new ones last.

    Two lesions are the same where they overlap or come within NEAR_MM. One that became several is split, several that
    became one merged; where several became several, the more numerous side says which.
    """
    (a, count_a), (b, count_b) = lesions(before), lesions(after)
    found = [_match(ours, theirs, a, b, grid) for ours, theirs in _groups(_touching(a, b, grid), count_a, count_b)]
    return sorted(found, key=lambda m: (m.change == "new", -m.before_ml, -m.after_ml))


def _touching(a: np.ndarray, b: np.ndarray, grid: Grid) -> set[tuple[int, int]]:
    """Pairs of numbers of lesions that are the same."""
    from scipy import ndimage

    if not a.any() or not b.any():
        return set()
    away, nearest = ndimage.distance_transform_edt(a == 0, sampling=grid.spacing_mm, return_indices=True)
    near = (b > 0) & (away <= NEAR_MM)
    theirs = a[tuple(axis[near] for axis in nearest)]
    return {(int(i), int(j)) for i, j in np.unique(np.stack([theirs, b[near]], axis=1), axis=0)}


def _groups(pairs: set[tuple[int, int]], count_a: int, count_b: int) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Connected groups of lesions before and after."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    rows, columns = [i - 1 for i, _ in pairs], [count_a + j - 1 for _, j in pairs]
    graph = coo_matrix((np.ones(len(pairs)), (rows, columns)), shape=(count_a + count_b,) * 2)
    count, group = connected_components(graph, directed=False)
    members = [np.flatnonzero(group == g) for g in range(count)]
    return [
        (tuple(int(m) + 1 for m in own if m < count_a), tuple(int(m) - count_a + 1 for m in own if m >= count_a))
        for own in members
    ]


def _match(ours: tuple[int, ...], theirs: tuple[int, ...], a: np.ndarray, b: np.ndarray, grid: Grid) -> Match:
    before, after = volume_ml(np.isin(a, ours), grid), volume_ml(np.isin(b, theirs), grid)
    return Match(_change(len(ours), len(theirs), before, after), ours, theirs, before, after)


def _change(ours: int, theirs: int, before: float, after: float) -> Change:
    if not ours or not theirs:
        return "new" if theirs else "gone"
    if ours != theirs:
        return "merged" if ours > theirs else "split"
    percent = 100 * (after / before - 1)
    return "stable" if abs(percent) < STABLE_PERCENT else "grown" if percent > 0 else "shrunk"


def described(matches: Sequence[Match]) -> list[str]:
    """A line a match, in a radiologist's words."""
    return [_words(m) for m in matches]


def _words(found: Match) -> str:
    def named(numbers: tuple[int, ...]) -> str:
        return f"lesion{'s' if len(numbers) > 1 else ''} {' and '.join(map(str, numbers))}"

    if found.change == "new":
        return f"new {named(found.after)}, {found.after_ml:.2f} mL"
    if found.change == "gone":
        return f"{named(found.before)} gone, was {found.before_ml:.2f} mL"
    sizes = f"{found.before_ml:.2f} to {found.after_ml:.2f} mL ({found.percent:+.0f} %)"
    into = "" if found.before == found.after else f" as {named(found.after)}"
    into = f" into {named(found.after)}" if found.change in ("merged", "split") else into
    return f"{named(found.before)} {found.change}{into}, {sizes}"
