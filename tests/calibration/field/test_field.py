"""A growth field: its shapes, its slope and its recovery on a small virtual patient."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import brentq

from calibration.calibrate import Settings
from calibration.calibration import load_calibration
from calibration.field.basis import GrowthField, rate_field, shapes
from calibration.field.calibrate import calibrate_field
from calibration.field.fit import objective_of
from calibration.field.slope import value_and_slope
from calibration.observation.segmentation import share_slope, visible_share
from calibration.structure import Structure
from solvers.simulate import solve
from tests.calibration.phantom import phantom
from twin.errors import DataRefused, UsageError
from twin.patient import Visibility

FIELD = GrowthField("gp", 12.0, 0.03)


@pytest.fixture(scope="module")
def patient():
    return phantom(perfect=True).patient


def test_the_process_has_the_covariance_it_was_asked_for(patient):
    basis = shapes(FIELD, patient)
    assert 3 <= len(basis) <= 40
    lesion = np.flatnonzero(np.isin(basis.index, np.flatnonzero(patient.visits[0].whole)))
    variance = (basis.values[:, lesion] ** 2).sum(axis=0)
    assert np.median(variance) == pytest.approx(1.0, abs=0.05)


def test_the_shapes_do_not_depend_on_the_box(patient):
    box = (slice(2, 22), slice(1, 23), slice(2, 24))
    values = {f"field_{k:02d}": np.sin(k) for k in range(1, 8)}
    whole = rate_field(FIELD, patient, 0.05, values)
    assert np.abs(rate_field(FIELD, patient.crop(box), 0.05, values) - whole[box]).max() < 1e-5


def test_regions_of_the_first_scan(patient):
    habitats = shapes(GrowthField("regions:adc"), patient)
    assert len(habitats) == 3 and np.all(habitats.values.sum(axis=0) == 1)
    with pytest.raises(UsageError, match="no growth field"):
        GrowthField("regions:nonsense")
    with pytest.raises(DataRefused, match="cannot be made"):
        shapes(GrowthField("regions:core"), patient)


@pytest.mark.parametrize("visibility", [Visibility(), Visibility(core=None, whole=None)], ids=["regions", "cells alone"])
def test_the_slope_of_the_objective_agrees_with_differences(patient, visibility):
    seen = replace(patient, visits=patient.seen, visibility=visibility)
    objective = objective_of(seen, Structure(growth_field="regions:adc;15;0.03"))
    assert {"whole", "core"} <= set(objective.comparisons[-1].kinds) or visibility.core is None
    z = 0.1 * np.random.default_rng(0).standard_normal(len(objective.space))
    _, slope = value_and_slope(objective, z)
    for k, name in enumerate(objective.space.names):
        step = 1e-5 * np.eye(len(z))[k]
        up, down = value_and_slope(objective, z + step)[0], value_and_slope(objective, z - step)[0]
        assert slope[k] == pytest.approx((up - down) / 2e-5, rel=1e-5, abs=1e-4), name


def test_a_region_has_a_kink_where_a_voxel_is_full_and_the_slope_is_that_of_one_side():
    full = brentq(lambda u: visible_share(np.array(u), 0.16, 2.0) - 1.0 + 1e-12, 0.161, 0.9)
    h = 1e-6 * np.array([-1.0, 1.0])
    left, right = (visible_share(np.array(full + h), 0.16, 2.0) - visible_share(np.array(full), 0.16, 2.0)) / h
    assert left > 1.0 and right == pytest.approx(0.0, abs=1e-5)
    assert share_slope(np.array([full - 1e-6]), 0.16, 2.0)[0] == pytest.approx(left, rel=1e-4)
    assert share_slope(np.array([full + 1e-6]), 0.16, 2.0)[0] == 0.0


@pytest.mark.slow
def test_a_field_is_calibrated_kept_and_carried_into_forecasts(patient, tmp_path, monkeypatch):
    monkeypatch.setattr("calibration.field.calibrate.FOLDS", 2)
    monkeypatch.setattr("calibration.field.fit.ROUNDS", 4)
    settings, known = Settings(evaluations=16, draws=12), Structure(markers={"ki67_percent": 40})
    twin = calibrate_field(patient, tmp_path, "regions:adc", settings=settings, structure=known, tries=1)
    assert {"growth_rate", "growth_rate_spread"} <= set(twin.fit)
    assert "field_03" in twin.best and twin.summary["field"]["coefficients"] == 3
    assert any("Ki-67 40 %" in sentence for sentence in twin.summary["sentences"])
    assert any("say nothing about radiosensitivity" in sentence for sentence in twin.summary["sentences"])
    assert twin.summary["next_scan"] and all(0 <= c["variance_reduction"] <= 1 for c in twin.summary["next_scan"])
    assert twin.summary["steps"][0]["gain"] > 0
    back = load_calibration(tmp_path)
    assert back.structure == twin.structure and back.structure.markers == {"ki67_percent": 40}
    (shot,) = solve(back.problem(1, (40.0,)), "native", "fast")
    assert shot.volume_ml(0.16) == pytest.approx(float(twin.fit["volume_ml"].sel(t=40.0).isel(draw=1)), rel=0.02)
