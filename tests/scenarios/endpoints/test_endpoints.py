"""Every endpoint on courses whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from scenarios.endpoint import Derived, Measured, Sight, endpoints
from solvers.problem import Snapshot
from twin.grid import Grid
from twin.patient import Visibility

SIGHT = Sight(Visibility(core=0.8, whole=0.16), 40.0)


def box_snapshot() -> Snapshot:
    """A block of 2 x 10 x 20 voxels of 2 x 1 x 1 mm, half of it dense, inside a crop of the grid."""
    grid = Grid((10, 30, 40), (2.0, 1.0, 1.0))
    values = np.zeros((1, 6, 20, 30), np.float32)
    values[0, 2:4, 5:15, 5:25] = 0.5
    values[0, 2:4, 5:10, 5:25] = 0.9
    return Snapshot(50.0, values, (slice(1, 7), slice(2, 22), slice(3, 33)), grid)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("visible-volume", 0.8),
        ("core-volume", 0.4),
        ("burden", 0.4 * 0.9 + 0.4 * 0.5),
        ("diameter", np.hypot(10, 20)),
    ],
)
def test_measured(name, expected):
    assert endpoints[name].measure(box_snapshot(), SIGHT) == pytest.approx(expected, rel=0.05)


def test_product_is_about_the_area_of_the_lesion():
    assert endpoints["product"].measure(box_snapshot(), SIGHT) > 0.4 * 10 * 20


def test_without_a_core_threshold_there_is_no_core_volume():
    assert np.isnan(endpoints["core-volume"].measure(box_snapshot(), Sight(Visibility(core=None), 40.0)))


def courses(**arms: list[float]) -> xr.Dataset:
    days = np.array([0.0, 40.0, 60.0, 80.0, 100.0])
    values = np.array(list(arms.values()), float)[:, None]
    return xr.Dataset(
        {"volume_ml": (("arm", "draw", "t"), values)},
        coords={"arm": list(arms), "draw": [0], "t": days, "scan": [40.0, 80.0, 100.0]},
        attrs={"horizon_day": 100.0, "decision_day": 40.0},
    )


def test_time_to_progression_counts_from_the_decision():
    data = courses(a=[1, 10, 12, 14, 30], b=[30, 10, 5, 4, 5])
    assert endpoints["time-to-progression"].derive(data, SIGHT)[:, 0] == pytest.approx([40, np.nan], nan_ok=True)
    assert endpoints["progression-at-scans"].derive(data, SIGHT)[:, 0] == pytest.approx([40, np.nan], nan_ok=True)


def test_days_gained():
    data = courses(none=[1, 10, 20, 30, 40], good=[1, 10, 10, 15, 25], best=[1, 10, 5, 4, 5], bad=[1, 10, 30, 40, 50])
    gained = endpoints["days-gained"].derive(data, SIGHT)[:, 0]
    assert gained == pytest.approx([0, 30, 60, 0])
    assert endpoints["days-gained"].derive(courses(a=[1, 2, 3, 4, 5]), SIGHT) is None


@pytest.mark.parametrize("name", endpoints.names())
def test_declarations(name):
    e = endpoints[name]
    assert e.unit and e.label and e.variable.isidentifier()
    assert isinstance(e, Measured | Derived)
