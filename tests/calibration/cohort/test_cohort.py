"""Priors from a cohort: they find what the cohort was made with, and a patient's own readings move them."""

from __future__ import annotations

import csv
from functools import lru_cache

import numpy as np
import pytest

from calibration.cohort.blend import Blend, learn_blend
from calibration.cohort.courses import DAYS, courses
from calibration.cohort.forecast import NoChange, first, predict, volume
from calibration.cohort.lesion import COLUMNS, SHAPE, Lesion, read_lesions
from calibration.cohort.likelihood import KAPPA, Noise, conditional, log_likelihood
from calibration.cohort.prior import learn
from calibration.studies import lesions as study
from twin.errors import DataRefused

READINGS = np.arange(0.0, 280.0, 42.0)


def lesion(rng, arm: str, rate: float) -> Lesion:
    """Grows (or shrinks) at about ``rate``, read with an error of 8 % in volume."""
    own = rate * np.exp(0.3 * rng.standard_normal())
    log_volume = np.log(8000.0) + 0.5 * rng.standard_normal() + own * READINGS + 0.08 * rng.standard_normal(len(READINGS))
    diameter = (np.exp(log_volume) / SHAPE) ** (1 / 3)
    return Lesion(f"{arm}{rng.integers(10**9)}", arm, READINGS, diameter, SHAPE * diameter**3 / 1e5)


@lru_cache
def cohort() -> tuple[Lesion, ...]:
    rng = np.random.default_rng(0)
    return tuple(lesion(rng, arm, rate) for _ in range(20) for arm, rate in (("grows", 0.006), ("shrinks", -0.006)))


@lru_cache
def prior():
    return learn(cohort(), courses("exponential", count=64))


def test_a_prior_knows_its_arms_apart_before_a_lesion_has_moved():
    rng = np.random.default_rng(1)
    later = {}
    for arm in ("grows", "shrinks"):
        seen = Lesion("new", arm, READINGS[:1], np.array([25.0]), np.array([0.1]))
        later[arm] = np.median(predict(seen, READINGS[4:5], prior(), rng)) - seen.log_volume[0]
    assert later["grows"] > 0.3 and later["shrinks"] < -0.3


def test_a_lesions_own_readings_outweigh_its_arm():
    rng = np.random.default_rng(2)
    stranger = lesion(rng, "shrinks", 0.006)
    drawn = predict(first(stranger, 4), READINGS[4:], prior(), rng)
    assert np.median(drawn[:, 1]) > stranger.log_volume[3]


def test_the_forecast_beats_no_change_on_lesions_that_move():
    others, own = cohort()[:30], cohort()[30:]
    learnt = learn(others, courses("exponential", count=64))
    blend = learn_blend(others, learnt, 3, study.relative, 6)
    assert blend.share > 0.5  # these lesions do move
    entries = study.forecast_all(own, blend)
    assert len(entries) == 30
    mean = {k: np.mean([e[k] for e in entries]) for k in ("crps", "crps_normal", "in90")}
    assert mean["crps"] < 0.7 * mean["crps_normal"] and mean["in90"] > 0.7


def test_conditioning_agrees_with_the_joint_density():
    """p(all) = p(seen) p(held out | seen), for each restlessness."""
    one, noise = cohort()[0], Noise()
    path = courses("exponential", count=64).at(one.days)[:3]
    seen, days = first(one, 4), one.days[4:]
    whole, part = log_likelihood(one, path, noise), log_likelihood(seen, path[:, :4], noise)
    for k, kappa in enumerate(KAPPA):
        gain, root = conditional(seen, days, noise, kappa)
        mean = 5.0 + path[:, 4:] + (seen.log_volume - 5.0 - path[:, :4]) @ gain.T
        white = np.linalg.solve(root, (one.log_volume[4:] - mean).T)
        given = -0.5 * (white**2).sum(axis=0) - np.log(np.diag(root)).sum()
        # the caliper's error of a later reading is taken from the last one seen: near, not equal
        assert np.allclose(whole[:, k], part[:, k] + given, rtol=0.02, atol=0.3), kappa


def test_no_change_is_a_course_and_courses_are_read_between_their_days():
    found = courses("exponential", count=64)
    assert found.law[0] == "no change" and not found.change[0].any()
    assert np.allclose(found.at(np.array([-9.0, 0.0]))[:, :1], 0.0)
    assert np.allclose(found.at(np.array(DAYS)), found.change)
    assert np.allclose(found.at(np.array([10.0]))[:, 0], found.change[:, 1] / 2)


def test_the_spread_of_no_change_is_the_cohorts():
    still = NoChange.of(cohort(), 3)
    drawn = still.normal(cohort()[0], 84.0) - cohort()[0].log_volume[-1]
    assert drawn.std() == pytest.approx(np.sqrt(still.variance[0] + 84 * still.variance[1]), rel=0.01)
    own = still.alike(cohort()[0], 84.0) - cohort()[0].log_volume[-1]
    assert set(own.round(9)) <= set(still.change.round(9))


def test_what_is_smaller_than_anything_read_is_gone():
    assert volume(np.log([SHAPE * 2.0**3, SHAPE * 10.0**3])).tolist() == [0.0, pytest.approx(520.0)]


def test_too_small_a_cohort_and_a_wrong_table_are_refused(tmp_path):
    with pytest.raises(DataRefused, match="too few to learn a prior"):
        learn(cohort()[:3], courses("exponential", count=64))
    (tmp_path / "lesions.csv").write_text("a,b\n1,2\n")
    with pytest.raises(DataRefused, match="has no column Pt_hashID"):
        read_lesions(tmp_path / "lesions.csv")


def test_the_study_keeps_a_patients_own_data_out_of_its_prior(tmp_path, monkeypatch):
    with (tmp_path / "lesions.csv").open("w", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(COLUMNS)
        for one in cohort():
            table.writerows([one.patient, one.arm, *values] for values in zip(one.days, one.diameter_mm, one.volume))  # noqa: B905
    asked = {}

    def remember(others, *_):
        asked["others"] = {v.patient for v in others}
        return prior()

    monkeypatch.setattr(study, "learn", remember)
    monkeypatch.setattr(study, "courses", lambda *_: None)
    blended = []
    monkeypatch.setattr(study, "learn_blend", lambda others, *_: blended.append(others) or Blend(prior(), None, 1.0))
    monkeypatch.setattr(study, "forecast_all", lambda own, _: asked.update(own={v.patient for v in own}) or [])
    for k in range(1, study.FOLDS + 1):
        study.Lesions().measure(f"{study.ALL}, part {k} of 40, seed 0", tmp_path)
        assert not asked["own"] & {v.patient for v in blended[-1]}
        assert asked["own"] and not asked["own"] & asked["others"] and len(asked["own"] | asked["others"]) == 40
