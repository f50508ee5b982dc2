"""What the first scan leaves open goes with its voxels."""

from __future__ import annotations

from dataclasses import replace

import pytest

from calibration.calibrate import Settings, study_name
from calibration.region import coarse
from calibration.structure import Structure, initial_of
from tests.calibration.phantom import phantom


def margin(patient):
    return next(p for p in initial_of(patient).free if p.name == "front_factor")


def test_the_margin_is_narrower_on_coarser_voxels():
    fine = phantom().patient
    on_2, on_4 = margin(fine), margin(coarse(fine, 2))
    assert on_2.prior.median == on_2.default == pytest.approx(1 - 2 / 15)
    assert on_4.prior.median == pytest.approx(1 - 4 / 15)


def test_a_prior_that_moved_makes_another_search(monkeypatch):
    """A journal begun under other priors is not gone on with."""
    patient, settings = phantom().patient, Settings()
    before = study_name(patient, Structure(), settings, 1)
    assert before == study_name(replace(patient), Structure(), settings, 1)
    monkeypatch.setattr("calibration.initial.NARROWER_PER_MM", 0.0)
    assert before != study_name(replace(patient), Structure(), settings, 1)
