"""The section on a growth rate that differs from place to place."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from tests.twin.report import fake_results
from twin.fields import SPACE
from twin.report.growth import growth_picture, growth_rows
from twin.report.results import Results, read_results
from twin.report.tables import parameter_rows
from twin.visual.view import view_of


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> Results:
    """A calibration whose rate grows from left to right, from a loss to a gain, with forty coefficients."""
    folder = fake_results.write_results(tmp_path_factory.mktemp("field"), fake_results.fake_patient(factor=5), (), draws=4)
    plain = read_results(folder)
    names = [*map(str, plain.posterior["parameter"].values), *(f"field_{k:02d}" for k in range(1, 41))]
    posterior = plain.posterior.reindex(parameter=names, fill_value=0.0)
    text = {n: ("parameter", [str(v) for v in posterior[n].values]) for n in ("symbol", "unit")}
    posterior = posterior.assign_coords(text)
    x = np.indices(plain.patient.grid.shape)[2]
    rate = (0.01 * (x - x[plain.patient.visits[0].whole].mean())).astype("f4")
    maps = {"growth_rate": (SPACE, rate), "growth_rate_spread": (SPACE, np.full_like(rate, 0.02))}
    told = {"growth_field": "gp;15;0.05", "field": {"coefficients": 40, "effective_number": 7.4}}
    return replace(plain, posterior=posterior, fit=plain.fit.assign(maps), calibration=plain.calibration | told)


def test_the_coefficients_are_told_as_one_summary(results):
    assert not [r["name"] for r in parameter_rows(results) if r["name"].startswith("field_")]
    told = dict(growth_rows(results))
    assert told["Correlation length"] == "15 mm" and told["Coefficients"] == "40, of which the data support about 7"
    place = np.logical_or.reduce([v.whole for v in results.patient.seen])
    low, high = np.quantile(results.fit["growth_rate"].values[place], (0.05, 0.95))
    assert [float(v.replace("−", "-")) for v in told["Range over 90 % of their voxels"][:-5].split(" to ")] == pytest.approx(
        [low, high], rel=0.05
    )


def test_the_map_is_drawn_in_two_rows_and_differs_where_the_rate_does(results):
    picture = growth_picture(results, view_of(results.patient))
    assert picture is not None and picture.pixels.shape[1] == 1760
    flat = replace(results, fit=results.fit.assign(growth_rate=xr.zeros_like(results.fit["growth_rate"])))
    plain = growth_picture(flat, view_of(results.patient))
    top, bottom = np.array_split(np.abs(picture.pixels.astype(int) - plain.pixels).sum(axis=(1, 2)), 2)
    assert top.sum() > 0 and bottom.sum() == 0


def test_one_rate_has_no_map(results):
    assert growth_picture(replace(results, calibration={}), view_of(results.patient)) is None
