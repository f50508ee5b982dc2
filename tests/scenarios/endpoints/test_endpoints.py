"""Every endpoint on courses whose answer is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from scenarios.endpoint import Derived, Measured, Planned, Sight, endpoints
from solvers.effects.radiotherapy import Radiotherapy as Beam
from solvers.models.fisher_kpp import FisherKPP
from solvers.problem import Problem, Snapshot
from twin.grid import Grid
from twin.medium import Medium
from twin.patient import Visibility
from twin.treatment import Fraction, Plan, Radiotherapy

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


BACK = (slice(None), slice(12, None), slice(None))
"""The rear of the grid: the denser half of the lesion lies before it."""


def region(where) -> np.ndarray:
    mask = np.zeros((10, 30, 40), bool)
    mask[where] = True
    return mask


def test_recurrence_coverage():
    inside = replace(SIGHT, isodose=region(BACK), target=region(np.s_[:, :, 8:18]))
    assert endpoints["recurrence-in-isodose"].measure(box_snapshot(), inside) == 0.5
    assert endpoints["recurrence-in-target"].measure(box_snapshot(), inside) == 0.5
    assert np.isnan(endpoints["recurrence-in-isodose"].measure(box_snapshot(), SIGHT)), "a uniform dose has no isodose"
    nothing = replace(box_snapshot(), values=np.zeros((1, 6, 20, 30), np.float32))
    assert np.isnan(endpoints["recurrence-in-target"].measure(nothing, inside))


def test_infiltration_is_the_share_of_each_organ():
    sight = replace(
        SIGHT, organs={"rear": region(BACK), "far": region(np.s_[8:, :, :]), "core": region(np.s_[3:5, 7:12, 8:28])}
    )
    assert endpoints["organ-infiltration"].measure(box_snapshot(), sight) == pytest.approx([200 / (10 * 18 * 40), 0.0, 1.0])


def test_arrival_is_counted_from_the_decision():
    data = courses(a=[1, 1, 1, 1, 1])
    shares = np.array([[0.0, 0.02, 0.0], [0.0, 0.03, 0.0], [0.009, 0.05, 0.0], [0.01, 0.1, 0.0], [0.4, 0.2, 0.0]])
    data["organ_infiltration"] = (("arm", "draw", "t", "organ"), shares[None, None])
    assert endpoints["organ-arrival"].derive(data, SIGHT)[0, 0] == pytest.approx([40.0, 0.0, np.nan], nan_ok=True)


def test_the_nadir_counts_from_the_decision():
    data = courses(a=[1, 10, 4, 6, 9], b=[1, 10, 4, np.nan, np.nan]).rename(volume_ml="burden_ml")
    assert endpoints["minimal-burden"].derive(data, SIGHT)[:, 0] == pytest.approx([4, np.nan], nan_ok=True)


def irradiated(fractions: int, relative: np.ndarray | None = None, from_day: float = 50.0) -> Problem:
    grid = box_snapshot().grid
    plan = Plan((Radiotherapy(tuple(Fraction(from_day + i, 2.0) for i in range(fractions)), relative),))
    medium = Medium.of_one_tissue(grid, np.ones(grid.shape, bool))
    beam = Beam(radiosensitivity_per_gy=0.1, alpha_beta_gy=10.0)
    return Problem(FisherKPP(), medium, box_snapshot().full(), (60.0,), 50.0, plan, (beam,))


def test_the_cells_that_radiation_leaves():
    cells = 1.77e5 * 1000 * box_snapshot().burden_ml()
    survivors, control = endpoints["surviving-cells"], endpoints["tumour-control"]
    one = survivors.expect(box_snapshot(), irradiated(1), SIGHT)
    assert one == pytest.approx(np.log10(cells * np.exp(-0.1 * 2 * 1.2)))
    fifty = replace(SIGHT, theta_per_mm3=1e-3)
    left = 0.56e3 * 1e-3 * np.exp(-0.24 * 50)
    assert control.expect(box_snapshot(), irradiated(50), fifty) == pytest.approx(np.exp(-left))
    half = survivors.expect(box_snapshot(), irradiated(400, region(BACK).astype(np.float32)), SIGHT)
    assert half == pytest.approx(np.log10(1.77e5 * 1000 * 0.36)), "the front half is spared"
    assert np.isnan(survivors.expect(box_snapshot(), irradiated(1, from_day=49.0), SIGHT)), "given before the decision"
    assert np.isnan(control.expect(box_snapshot(), irradiated(0), SIGHT))


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
    assert isinstance(e, Measured | Planned | Derived)
