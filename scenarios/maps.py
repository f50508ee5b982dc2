"""A predicted scan, small enough to keep one of every run: what is visible, and the cell fraction to 1 in 255."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from solvers.problem import Snapshot
from twin.fields import bounding_box
from twin.grid import Box

LEVELS = 255


@dataclass(frozen=True)
class ScanMap:
    """``levels`` (uint8, cell fraction x 255 rounded) and ``seen`` (bool) inside ``box`` of the patient's grid."""

    box: Box
    levels: np.ndarray
    seen: np.ndarray


def scan_map(snapshot: Snapshot, threshold: float) -> ScanMap:
    """The snapshot as a scan map, cut to where there are cells."""
    levels = np.rint(np.clip(snapshot.cells, 0.0, 1.0) * LEVELS).astype(np.uint8)
    seen = snapshot.visible > threshold
    inner = bounding_box((levels > 0) | seen)
    box = tuple(slice(o.start + i.start, o.start + i.stop) for o, i in zip(snapshot.box, inner, strict=True))
    return ScanMap(box, levels[inner], seen[inner])  # type: ignore[arg-type]


def pack(maps: list[ScanMap]) -> dict[str, np.ndarray]:
    """The maps of one run's scans as plain arrays for a file."""
    packed: dict[str, np.ndarray] = {}
    for i, m in enumerate(maps):
        packed[f"box{i}"] = np.array([[s.start, s.stop] for s in m.box], np.int32)
        packed[f"levels{i}"] = m.levels
        packed[f"seen{i}"] = np.packbits(m.seen)
    return packed


def unpack(packed: Mapping[str, np.ndarray], count: int) -> Iterator[ScanMap]:
    """What :func:`pack` packed."""
    for i in range(count):
        levels = packed[f"levels{i}"]
        seen = np.unpackbits(packed[f"seen{i}"], count=levels.size).reshape(levels.shape).astype(bool)
        yield ScanMap(tuple(slice(int(a), int(b)) for a, b in packed[f"box{i}"]), levels, seen)  # type: ignore[arg-type]


class MapSum:
    """Sums of scan maps over the draws of one arm. Sums of whole numbers: the same in any order."""

    def __init__(self, scans: int, shape: tuple[int, int, int]):
        self.runs = 0
        self._levels = np.zeros((scans, *shape), np.uint32)
        self._seen = np.zeros((scans, *shape), np.uint32)

    def add(self, maps: Iterator[ScanMap]) -> None:
        self.runs += 1
        for i, m in enumerate(maps):
            self._levels[(i, *m.box)] += m.levels
            self._seen[(i, *m.box)] += m.seen

    def probability(self, scan: int) -> np.ndarray:
        """Share of the draws in which the voxel is visible, float32 (z, y, x)."""
        return (self._seen[scan] / max(self.runs, 1)).astype(np.float32)

    def mean(self, scan: int) -> np.ndarray:
        """Mean cell fraction over the draws, float32 (z, y, x)."""
        return (self._levels[scan] / (LEVELS * max(self.runs, 1))).astype(np.float32)
