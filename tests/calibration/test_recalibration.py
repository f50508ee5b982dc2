"""Draws are moved by what virtual patients tell of the posterior's bias: by that, for fronts like theirs, and said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from calibration import recalibration
from calibration.calibrate import calibrate
from calibration.front import length_mm
from calibration.initial import FirstScan
from calibration.recalibration import MOVES, SPREADS, moves, recalibrated, told
from calibration.space import Space
from solvers.model import models
from tests.calibration.phantom import phantom
from twin.parameter import declared

FREE = tuple(p for p in (*declared(models["fisher-kpp"]), *declared(FirstScan)) if p.prior.spread > 0)
SPACE = Space(FREE)


def some_draws(count: int = 400) -> np.ndarray:
    return 0.1 * np.random.default_rng(0).standard_normal((count, len(SPACE)))


def values_of(z: np.ndarray, name: str) -> np.ndarray:
    return np.array([SPACE.values(row)[name] for row in z])


def test_each_parameter_is_narrowed_and_multiplied_by_its_own_factor():
    z = some_draws()
    moved, mean = recalibrated(z, SPACE, 3.0), z.mean(axis=0)
    width = length_mm(SPACE.values(np.median(z, axis=0))) / 3.0
    for name, share in {name: SPREADS.get(name, 1.0) for name in SPACE.names}.items():
        a, b = MOVES.get(name, (0.0, 0.0))
        narrow = values_of(mean + share * (z - mean), name)
        assert values_of(moved, name) == pytest.approx(narrow * np.exp(a + b * np.log(width)))


def test_a_front_less_resolved_is_moved_further_and_a_resolved_one_no_longer():
    z = some_draws()
    on_1, on_2, on_3 = (moves(z, SPACE, h)["diffusivity_mm2_per_day"] for h in (1.0, 2.0, 3.0))
    assert on_3 < on_2 < on_1 == MOVES["diffusivity_mm2_per_day"][0]
    assert moves(z, SPACE, 1.0) == moves(z, SPACE, 0.5)
    assert moves(z, SPACE, 1000.0) == moves(z, SPACE, 2000.0), "narrower than was learnt from"


def test_draws_stay_within_bounds():
    low, high = SPACE.bounds()
    z = np.linspace(low, high, 50)
    moved = recalibrated(z, SPACE, 3.0)
    assert (moved >= low).all() and (moved <= high).all() and (moved != z).any()


def test_without_an_adc_of_the_first_scan_nothing_moves_and_nothing_is_said():
    space = Space(tuple(p for p in FREE if p.name != "first_adc_scale"))
    z = np.random.default_rng(0).standard_normal((50, len(space)))
    assert recalibrated(z, space, 3.0) is z and told(z, space, 3.0) == []


def test_a_calibration_moves_its_draws_and_says_so(tmp_path, monkeypatch):
    patient = phantom().patient
    asked = {"evaluations": 4, "draws": 30}
    twin = calibrate(patient, tmp_path / "a", **asked)
    assert f"proliferation {100 * np.expm1(MOVES['proliferation_per_day'][0]):+.1f} %" in " ".join(twin.summary["sentences"])
    monkeypatch.setattr(recalibration, "MOVES", dict.fromkeys(MOVES, (0.0, 0.0)))
    monkeypatch.setattr(recalibration, "SPREADS", {})
    plain = calibrate(replace(patient), tmp_path / "b", **asked)
    after, before = (np.log(t.posterior["value"].sel(parameter="proliferation_per_day").values) for t in (twin, plain))
    assert after.mean() - before.mean() == pytest.approx(MOVES["proliferation_per_day"][0], abs=1e-3)
    assert after.std() / before.std() == pytest.approx(SPREADS["proliferation_per_day"], rel=1e-3)
