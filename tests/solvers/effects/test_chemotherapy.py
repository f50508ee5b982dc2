"""Washout, several drugs and delivery."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from solvers.effects.chemotherapy import Chemotherapy
from solvers.models.fisher_kpp import FisherKPP
from solvers.problem import Problem
from solvers.simulate import solve
from twin.errors import DataRefused
from twin.grid import Grid
from twin.medium import Medium
from twin.treatment import Plan, chemotherapy

TMZ = Plan((chemotherapy("temozolomide", 75.0, [1.0]),))
DECAY = 24.0 * math.log(2.0) / 1.8
GRID = Grid((1, 1, 4), (1.0, 1.0, 1.0))
MEDIUM = Medium.of_one_tissue(GRID, np.ones(GRID.shape, bool))


def test_the_exposure_is_the_integral_whatever_the_steps():
    drug = Chemotherapy(chemosensitivity_per_day=0.5)
    whole = drug.exposure(TMZ, 0.0, 10.0)
    assert whole == pytest.approx(0.5 / DECAY * (1 - math.exp(-9 * DECAY)), rel=1e-12)
    for step in (1.0, 0.3, 0.7):
        edges = [*np.arange(0, 10, step), 10.0]
        assert sum(drug.exposure(TMZ, a, b) for a, b in itertools.pairwise(edges)) == pytest.approx(whole, rel=1e-12)


def test_a_half_life_is_no_time_constant():
    drug = Chemotherapy(chemosensitivity_per_day=1.0)
    assert drug.exposure(TMZ, 1.0, 1.0 + 1.8 / 24) == pytest.approx(0.5 / DECAY)


def test_a_drug_given_before_the_start_still_decays():
    assert Chemotherapy().exposure(TMZ, 1.05, 5.0) == pytest.approx(0.3 / DECAY * math.exp(-0.05 * DECAY))


def test_the_kill_is_proportional_to_the_dose():
    ten = Plan((chemotherapy("temozolomide", 750.0, [1.0]),))
    assert Chemotherapy().exposure(ten, 0, 5) == pytest.approx(10 * Chemotherapy().exposure(TMZ, 0, 5))


def test_drugs_may_differ_in_sensitivity():
    plan = TMZ + Plan((chemotherapy("doxorubicin", 60.0, [1.0]),))
    tmz, dox = Chemotherapy(drugs=("temozolomide",)), Chemotherapy(drugs=("doxorubicin",))
    both = Chemotherapy(relative_sensitivity={"doxorubicin": 2.0})
    assert dox.acts_on(plan) and not dox.acts_on(TMZ)
    assert both.exposure(plan, 0, 9) == pytest.approx(tmz.exposure(plan, 0, 9) + 2 * dox.exposure(plan, 0, 9))
    assert tmz.breakpoints(plan) == [1.0]


def test_a_misspelt_drug_names_the_nearest():
    with pytest.raises(DataRefused, match="Did you mean 'doxorubicin'"):
        Chemotherapy(relative_sensitivity={"doxorubicine": 2.0})


def test_an_immune_drug_is_no_chemotherapy():
    assert not Chemotherapy().acts_on(Plan((chemotherapy("pembrolizumab", 200.0, [1.0]),)))


@pytest.mark.parametrize("engine", ["native", "fipy"])
def test_delivery_is_local(engine):
    delivery = np.array([[[0.0, 0.5, 1.0, 2.0]]])
    drug = Chemotherapy(chemosensitivity_per_day=5.0, delivery_map=delivery)
    still = FisherKPP(diffusivity_mm2_per_day=1e-6, proliferation_per_day=1e-4)
    problem = Problem(still, MEDIUM, 0.5 * np.ones(GRID.shape), (3.0,), plan=TMZ, effects=(drug,))
    (shot,) = solve(problem, engine, "reference")
    expected = 0.5 * np.exp(-delivery * drug.exposure(TMZ, 0, 3))
    assert shot.full_cells() == pytest.approx(expected, rel=1e-3)


def test_a_delivery_map_on_another_grid_is_refused():
    drug = Chemotherapy(delivery_map=np.ones((2, 2, 2)))
    problem = Problem(FisherKPP(), MEDIUM, 0.5 * np.ones(GRID.shape), (3.0,), plan=TMZ, effects=(drug,))
    with pytest.raises(DataRefused, match="delivery map of the drug has shape"):
        list(solve(problem, "native"))
