"""The first scan: how many cells lie beyond the drawn border, and what the fit may change."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest

from calibration import initial
from calibration.calibrate import Settings, study_name
from calibration.front import margin_mm
from calibration.initial import initial_state
from calibration.region import coarse
from calibration.structure import Structure
from calibration.studies.coverage import first_scale
from calibration.virtual.cohort import Cohort
from calibration.virtual.patient import VirtualPatient
from tests.calibration.phantom import phantom
from twin.fields import block_mean


def test_the_margin_is_narrower_on_coarser_voxels_and_wider_about_a_small_tumour():
    margins = [margin_mm(1.0, spacing, 15.0) for spacing in (0.5, 1.0, 2.0, 3.0)]
    assert margins == sorted(margins, reverse=True)
    assert margin_mm(4.0, 3.0, 10.0) > margin_mm(4.0, 3.0, 30.0)


def test_no_front_has_a_margin_without_width():
    assert 0.4 < margin_mm(0.05, 3.0, 15.0) / 0.05 < 1.0
    assert 0.9 < margin_mm(40.0, 1.0, 5.0) / 40.0 < 1.5


@pytest.mark.parametrize("factor", [1, 3])
def test_beyond_the_borders_lie_as_many_cells_as_the_truth_has(factor):
    """Of four tumours together; one alone is off by what a border drawn wrong and a scan's scale hide."""
    found = np.sum([_cells_beyond(number, factor) for number in range(4)], axis=0)
    assert found[0] / found[1] == pytest.approx(1.0, abs=0.15)


def _cells_beyond(number: int, factor: int) -> tuple[float, float]:
    """Beyond the drawn border: cells of the state that the first scan gives, with the true values, and of the true state."""
    virtual = _virtual(number)
    whole = tuple(slice(0, n // 3 * 3) for n in virtual.patient.grid.shape)
    patient = coarse(virtual.patient.crop(whole), factor)
    start = initial_state(patient)
    beyond = ~start.mask & patient.medium.domain
    values = {**virtual.truth, "first_adc_scale": first_scale(virtual)}
    true = block_mean(virtual.states[0.0][whole].astype(np.float32), factor)
    return float(start.state(values)[beyond].sum()), float(true[beyond].sum())


@lru_cache
def _virtual(number: int) -> VirtualPatient:
    return Cohort(9100, coarse=1, seen=(2,)).patient(number)


def test_a_prior_that_moved_makes_another_search(monkeypatch):
    """A journal begun under other priors is not gone on with."""
    patient, settings = phantom().patient, Settings()
    before = study_name(patient, Structure(), settings, 1)
    assert before == study_name(replace(patient), Structure(), settings, 1)
    free = initial._free

    def moved(*facts):
        return tuple(replace(p, prior=replace(p.prior, median=0.8)) for p in free(*facts))

    monkeypatch.setattr(initial, "_free", moved)
    assert before != study_name(replace(patient), Structure(), settings, 1)
