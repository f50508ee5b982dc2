"""Calibration end to end on a small virtual patient."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from calibration.calibrate import calibrate
from calibration.calibration import load_calibration
from solvers.simulate import solve
from tests.calibration.phantom import TRUTH, phantom
from twin.errors import DataRefused
from twin.fields import field

QUICK = {"evaluations": 16, "draws": 24}


@pytest.fixture(scope="module")
def untreated(tmp_path_factory):
    folder = tmp_path_factory.mktemp("untreated")
    return calibrate(phantom(perfect=True).patient, folder, **QUICK), folder


@pytest.fixture(scope="module")
def treated(tmp_path_factory):
    return calibrate(phantom(treated=True).patient, tmp_path_factory.mktemp("treated"), **QUICK)


def values(calibration, name: str) -> np.ndarray:
    return calibration.posterior["value"].sel(parameter=name).values


def test_clean_images_give_the_truth_back(untreated):
    best = untreated[0].best
    for name in ("diffusivity_mm2_per_day", "proliferation_per_day"):
        # the posterior of D is 17 % wide here: two voxels a front and 20 days tell no more
        assert best[name] == pytest.approx(TRUTH[name], rel=0.25), name


def test_the_forecast_of_the_held_out_visit_beats_no_change(untreated):
    held_out = untreated[0].summary["visits"][-1]
    assert held_out["held_out"]
    twin, still = held_out["scores"]["twin"], held_out["scores"]["no_change"]
    assert twin["ccc"] > 0.93 > still["ccc"]
    assert twin["dice"] > 0.93 > still["dice"]
    assert abs(twin["volume_error_percent"]) < 15 < abs(still["volume_error_percent"])


def test_noise_widens_the_posterior_and_it_holds_the_truth(treated):
    for name in TRUTH:
        draws = values(treated, name)
        assert draws.min() < TRUTH[name] < draws.max(), name


def test_two_sensitivities_that_act_together_are_said_to_be_confounded(treated):
    assert any(
        "radiosensitivity" in s and "chemosensitivity" in s and "tell them apart" in s for s in treated.summary["sentences"]
    )
    kills = [values(treated, n) for n in ("radiosensitivity_per_gy", "chemosensitivity_per_day")]
    assert np.corrcoef(*kills)[0, 1] < -0.7


def test_treatments_not_yet_given_keep_their_prior(untreated):
    calibration, _ = untreated
    prior = calibration.posterior["prior_value"].sel(parameter="chemosensitivity_per_day").values
    draws = values(calibration, "chemosensitivity_per_day")
    assert 0.4 < np.log(draws).std() / np.log(prior).std() < 1.6
    assert any("say nothing about chemosensitivity" in s for s in calibration.summary["sentences"])


def test_the_store_comes_back_and_continues(untreated):
    calibration, folder = untreated
    back = load_calibration(folder)
    assert back.values(3) == calibration.values(3)
    assert back.decision_day == 20.0
    assert back.fit["predicted_fraction"].dims == ("visit", "z", "y", "x")
    (shot,) = solve(back.problem(3, (40.0,)), "native", "fast")
    assert shot.volume_ml(0.16) == pytest.approx(float(back.fit["volume_ml"].sel(t=40.0).isel(draw=3)), rel=0.02)


def test_the_store_holds_what_was_agreed(untreated):
    calibration, folder = untreated
    names = {p.name for p in folder.iterdir()}
    assert {"patient.zarr", "patient.json", "posterior.zarr", "fit.zarr", "calibration.json", "search.journal"} <= names
    assert {"symbol", "unit", "description"} <= set(calibration.posterior.coords)
    assert {"volume_ml", "core_ml", "burden_ml", "observed_fraction", "probability"} <= set(calibration.fit)
    assert [s["name"] for s in calibration.summary["steps"]][:2] == ["global search", "local polish"]


def test_held_out_images_leave_no_trace(untreated, tmp_path):
    calibration, _ = untreated
    patient = phantom(perfect=True).patient
    last = patient.visits[-1]
    nonsense = field(np.full(patient.grid.shape, 1e-3, np.float32), patient.grid, "mm2/s")
    changed = replace(last, images={"adc": nonsense}, regions={n: ~r for n, r in last.regions.items()})
    other = calibrate(replace(patient, visits=(*patient.visits[:-1], changed)), tmp_path, **QUICK)
    assert np.array_equal(other.posterior["value"], calibration.posterior["value"])
    assert np.array_equal(other.fit["volume_ml"], calibration.fit["volume_ml"])


def test_the_same_seed_gives_the_same_twin_whatever_the_processes(untreated, tmp_path):
    calibration, _ = untreated
    again = calibrate(phantom(perfect=True).patient, tmp_path, processes=2, **QUICK)
    assert np.array_equal(again.posterior["value"], calibration.posterior["value"])
    assert np.array_equal(again.fit["predicted_fraction"], calibration.fit["predicted_fraction"])


def test_one_visit_is_refused_with_a_remedy(tmp_path):
    patient = phantom().patient
    with pytest.raises(DataRefused, match="cannot be learnt from one visit") as caught:
        calibrate(replace(patient, visits=patient.visits[:1]), tmp_path)
    assert "second visit" in caught.value.remedy


def test_a_first_visit_without_tumour_is_refused(tmp_path):
    patient = phantom().patient
    empty = replace(patient.visits[0], regions={n: np.zeros_like(r) for n, r in patient.visits[0].regions.items()})
    with pytest.raises(DataRefused, match="first visit shows no tumour"):
        calibrate(replace(patient, visits=(empty, *patient.visits[1:])), tmp_path)
