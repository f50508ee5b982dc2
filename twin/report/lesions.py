"""The lesion table: what was measured on every visit, and how it changed since the first and since the smallest."""

from __future__ import annotations

from typing import Any

import numpy as np

from twin.geometry.measure import measure
from twin.patient import Visit
from twin.report import numbers as n
from twin.report.results import Results

LEAST_ML = 0.1
"""A separate lesion of the table holds at least this much, mL: less is a speck of the segmentation."""


def lesion_rows(results: Results) -> list[dict[str, Any]]:
    """One row a visit with a segmentation, in order; changes of volume in per cent."""
    rows, first, smallest = [], None, None
    for visit in results.patient.visits:
        if visit.whole is None:
            continue
        volume = float(visit.whole.sum()) * results.patient.grid.voxel_ml
        rows.append(_row(visit, results, volume, first, smallest))
        first = volume if first is None else first
        smallest = volume if smallest is None else min(volume, smallest)
    return rows


def _row(visit: Visit, results: Results, volume: float, first: float | None, smallest: float | None) -> dict[str, Any]:
    grid, mask = results.patient.grid, visit.whole
    assert mask is not None
    found, core = measure(mask, grid), visit.core
    return {
        "day": n.day(visit.day),
        "name": visit.name,
        "role": "held out" if visit.held_out else "seen",
        "volume": n.volume(volume),
        "from_first": _change(volume, first),
        "from_smallest": _change(volume, smallest),
        "core": n.NOTHING if core is None else n.volume(core.sum() * grid.voxel_ml),
        "diameters": n.NOTHING if found is None else f"{found.longest_mm:.0f} × {found.perpendicular_mm:.0f}",
        "product": n.NOTHING if found is None else f"{found.product_mm2:,.0f}".replace(",", "\u202f"),
        "lesions": str(_separate(mask, LEAST_ML / grid.voxel_ml)),
    }


def _change(volume: float, before: float | None) -> str:
    return n.NOTHING if not before else n.signed(n.percent(100 * (volume / before - 1)))


def _separate(mask: np.ndarray, least_voxels: float) -> int:
    """Lesions that touch nowhere, not even at a corner."""
    from scipy import ndimage

    labels, _ = ndimage.label(mask, np.ones((3, 3, 3)))
    sizes = np.bincount(labels.ravel())[1:]
    return int((sizes >= min(least_voxels, sizes.max(initial=0))).sum())
