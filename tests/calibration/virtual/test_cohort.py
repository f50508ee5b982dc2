"""A virtual patient's truth is that of space; its voxels get the diffusivity that moves fronts alike."""

from __future__ import annotations

import pytest

from calibration.grid_error import felt
from calibration.virtual import cohort
from calibration.virtual.patient import VirtualPatient


def test_the_truth_is_that_of_space_and_its_voxels_feel_less(monkeypatch):
    hidden = []

    def examined(who, patient, *_):
        hidden.append((who.values, patient.grid))
        return VirtualPatient(patient, who.values, {})

    monkeypatch.setattr(cohort, "examine", examined)
    monkeypatch.setattr(cohort, "followed", lambda patient: True)
    truth = cohort.Cohort(1).patient(0).truth
    (given, grid) = hidden[0]
    assert given["diffusivity_mm2_per_day"] < truth["diffusivity_mm2_per_day"]
    assert given == pytest.approx(felt(truth, grid))
