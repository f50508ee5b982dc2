"""Draws are moved by what virtual patients tell of the posterior's bias: by that, where it was learnt, and said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from calibration import recalibration
from calibration.calibrate import calibrate
from calibration.initial import FirstScan
from calibration.recalibration import LEARNT_MM, SHIFT, recalibrated, shift, told
from calibration.space import Space
from solvers.model import models
from tests.calibration.phantom import phantom
from twin.parameter import declared

FREE = tuple(p for p in (*declared(models["fisher-kpp"]), *declared(FirstScan)) if p.prior.spread > 0)


def test_each_parameter_moves_by_its_share_of_its_own_spread():
    space = Space(FREE)
    z = 0.1 * np.random.default_rng(0).standard_normal((400, len(space)))
    moved = recalibrated(z, space, LEARNT_MM) - z
    for column, name in enumerate(space.names):
        assert moved[:, column] == pytest.approx(SHIFT.get(name, 0.0) * z[:, column].std(ddof=1))


def test_finer_voxels_move_less_and_coarser_ones_no_more():
    space = Space(FREE)
    full, finer = shift(space, LEARNT_MM), shift(space, 1.0)
    assert full == SHIFT == shift(space, 5.0)
    assert finer == pytest.approx({name: share / 3 for name, share in SHIFT.items()})


def test_draws_stay_within_bounds():
    space = Space(FREE)
    low, high = space.bounds()
    z = np.linspace(low, high, 50)
    moved = recalibrated(z, space, LEARNT_MM)
    assert (moved >= low).all() and (moved <= high).all() and (moved != z).any()


def test_without_an_adc_of_the_first_scan_nothing_moves_and_nothing_is_said():
    space = Space(tuple(p for p in FREE if p.name != "first_adc_scale"))
    z = np.random.default_rng(0).standard_normal((50, len(space)))
    assert recalibrated(z, space, LEARNT_MM) is z and told(space, LEARNT_MM) == []


def test_a_calibration_moves_its_draws_and_says_so(tmp_path, monkeypatch):
    patient = phantom().patient
    asked = {"evaluations": 4, "draws": 30}
    twin = calibrate(patient, tmp_path / "a", **asked)
    assert "proliferation +0.20" in " ".join(twin.summary["sentences"])
    monkeypatch.setattr(recalibration, "SHIFT", {**SHIFT, "proliferation_per_day": 0.0})
    plain = calibrate(replace(patient), tmp_path / "b", **asked)
    after, before = (np.log(t.posterior["value"].sel(parameter="proliferation_per_day").values) for t in (twin, plain))
    assert after - before == pytest.approx(0.2 * before.std(ddof=1), rel=1e-3)
