"""What a person may hand to the calibration by mistake: clear words, and nothing lost."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from calibration.calibrate import Settings, calibrate
from calibration.contradiction import contradictions
from calibration.posterior import Laplace
from calibration.prior_predictive import from_prior
from calibration.space import Space
from calibration.structure import Structure
from calibration.words import identifiability
from tests.calibration.phantom import phantom
from twin.errors import DataRefused, SolverError
from twin.patient import Patient
from twin.treatment import Plan, Resection

QUICK = {"evaluations": 8, "draws": 4}


def changed(index: int, change, **day) -> Patient:
    """The phantom with the regions of one visit changed."""
    patient = phantom().patient
    visit = patient.visits[index]
    other = replace(visit, regions={n: change(r) for n, r in visit.regions.items()}, **day)
    return replace(patient, visits=tuple(other if v is visit else v for v in patient.visits))


def aside(region: np.ndarray) -> np.ndarray:
    """A lesion at the edge of the tissue, away from the first."""
    out = np.zeros_like(region)
    out[9:15, 9:15, 0:4] = True
    return out


def test_one_visit_is_refused_and_the_prior_offered(tmp_path):
    patient = phantom().patient
    one = replace(patient, visits=patient.visits[:1])
    with pytest.raises(DataRefused, match="cannot be learnt from one visit") as caught:
        calibrate(one, tmp_path, **QUICK)
    assert "--from-prior" in caught.value.remedy
    twin = from_prior(one, tmp_path, Structure(markers={"idh": "mutant"}), Settings(draws=6))
    assert twin.posterior.sizes["draw"] == 6 and float(twin.fit["t"][-1]) == 84.0
    assert "draws of the prior" in twin.summary["sentences"][0] and "idh mutant" in twin.summary["sentences"][1]
    assert np.ptp(twin.fit["volume_ml"].isel(t=-1).values) > 1.0


def test_visits_that_contradict_each_other_are_refused(tmp_path):
    moved = changed(1, aside)
    assert "do not touch each other" in contradictions(moved)[0]
    with pytest.raises(DataRefused, match="do not touch each other") as caught:
        calibrate(moved, tmp_path, **QUICK)
    assert "hold a doubtful one out" in caught.value.remedy and not list(tmp_path.iterdir())
    fast = changed(1, lambda r: r, day=0.1)
    assert "no tumour doubles in" in contradictions(fast)[0]
    assert contradictions(phantom().patient) == []


def test_an_operation_between_two_visits_explains_them():
    moved = changed(1, aside)
    cut = Resection(5.0, np.ones(moved.grid.shape, bool))
    assert contradictions(replace(moved, treatments=Plan((cut,)))) == []


def test_a_segmentation_that_vanishes_is_fitted_and_said(tmp_path):
    gone = changed(1, np.zeros_like)
    clean = replace(gone.visits[1], images={})
    twin = calibrate(replace(gone, visits=(gone.visits[0], clean)), tmp_path, **QUICK)
    assert any("no lesion is segmented" in w for w in twin.summary["warnings"])
    assert np.isfinite(twin.posterior["value"]).all()


def test_parameters_at_their_bounds_are_warned_about():
    space = Space(Structure().parameters(phantom().patient))
    low, _ = space.bounds()
    size = len(space)
    pushed = np.append(100.0, np.zeros(2 * size - 1))
    laplace = Laplace.at(space, np.append(low[:1], np.zeros(size - 1)), pushed, np.eye(2 * size)[:, :size])
    _, warnings = identifiability(laplace, ())
    assert len(warnings) == 1 and "diffusivity (D) is at the lowest admissible value" in warnings[0]


def test_all_evaluations_failed_is_said_and_what_was_tried_is_kept(tmp_path, monkeypatch):
    def broken(*_):
        raise SolverError("The numbers left their range.")

    monkeypatch.setattr("calibration.objective.solve", broken)
    with pytest.raises(SolverError, match="No candidate could be computed") as caught:
        calibrate(phantom().patient, tmp_path, **QUICK)
    assert "oncotwin simulate" in caught.value.remedy
    assert (tmp_path / "search.journal").stat().st_size > 0
