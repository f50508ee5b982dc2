"""Growth without space against closed forms and against the engines."""

from __future__ import annotations

import math

import numpy as np
import pytest

from solvers.effects.chemotherapy import Chemotherapy
from solvers.effects.immunotherapy import Immunotherapy
from solvers.effects.radiotherapy import Radiotherapy
from solvers.effects.surgery import Surgery
from solvers.models.bertalanffy import Bertalanffy
from solvers.models.exponential import Exponential
from solvers.models.fisher_kpp import FisherKPP
from solvers.models.gompertz import Gompertz
from solvers.models.two_species import TwoSpecies
from solvers.problem import Problem
from solvers.simulate import solve
from solvers.volume import simulate_volume, sphere_ml
from twin.errors import DataRefused
from twin.grid import Grid
from twin.medium import Medium
from twin.treatment import Plan, Resection, chemotherapy, radiotherapy

DAYS = (0.0, 10.0, 30.0)


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (FisherKPP(proliferation_per_day=0.1), lambda t: 1 / (1 + 9 * math.exp(-0.1 * t))),
        (Exponential(net_rate_per_day=-0.05), lambda t: 0.1 * math.exp(-0.05 * t)),
        (Exponential(net_rate_per_day=0.4), lambda t: min(1.0, 0.1 * math.exp(0.4 * t))),
        (Gompertz(retardation_per_day=0.03), lambda t: math.exp(math.log(0.1) * math.exp(-0.03 * t))),
        (
            Bertalanffy(growth_per_day=0.05),
            lambda t: (1 - (1 - 0.1 ** (1 / 3)) * math.exp(-0.05 * t)) ** 3,
        ),
    ],
)
def test_growth_laws_match_their_closed_forms_to_1e_8(model, expected):
    found = simulate_volume(model, 2.0, 20.0, DAYS)["volume_ml"]
    assert found.values == pytest.approx([20.0 * expected(t) for t in DAYS], rel=1e-8)


def test_the_linear_quadratic_limit_to_1e_8():
    plan = Plan((radiotherapy(0.3, 10.0, 5),))
    dying = Exponential(net_rate_per_day=-0.01)
    found = simulate_volume(dying, 1.0, 10.0, (8.0,), plan, (Radiotherapy(),))
    assert float(found.volume_ml[0]) == pytest.approx(math.exp(-0.08 - 5 * 0.025 * 2 * 1.2), rel=1e-8)


def test_logistic_growth_under_a_drug_matches_its_quadrature():
    from scipy.integrate import quad

    plan = Plan((chemotherapy("temozolomide", 75.0, (1.0, 2.0, 3.7)),))
    drug = Chemotherapy(chemosensitivity_per_day=2.0)
    found = float(simulate_volume(FisherKPP(proliferation_per_day=0.2), 2.0, 10.0, (9.0,), plan, (drug,)).volume_ml[0])

    def growth(t: float) -> float:
        return math.exp(0.2 * t - drug.exposure(plan, 0.0, t))

    integral, _ = quad(growth, 0, 9, points=[1, 2, 3.7, 1.2, 2.2, 3.9], epsabs=1e-13, limit=500)
    assert found == pytest.approx(10 * 0.2 * growth(9.0) / (1 + 0.2 * 0.2 * integral), rel=1e-8)


def test_it_is_the_engine_on_one_voxel():
    grid = Grid((1, 1, 1), (1.0, 1.0, 1.0))
    medium = Medium.of_one_tissue(grid, np.ones(grid.shape, bool))
    plan = Plan(
        (
            radiotherapy(2.0, 8.0, 4),
            chemotherapy("temozolomide", 75.0, (2.0, 3.0)),
            chemotherapy("pembrolizumab", 200.0, (4.5,)),
        )
    )
    effects = (Radiotherapy(clearance_days=10.0), Chemotherapy(), Immunotherapy())
    for model in (FisherKPP(proliferation_per_day=0.1), TwoSpecies()):
        start = 0.3 * np.ones(grid.shape)
        state = list(solve(Problem(model, medium, start, (12.0,), plan=plan, effects=effects), "fipy", "reference"))[-1]
        volume = simulate_volume(model, 0.3 * 5.0, 5.0, (12.0,), plan, effects)
        assert volume.u[0].values == pytest.approx(state.values[:, 0, 0, 0], rel=1e-3)
        assert float(volume.visible_ml[0]) > float(volume.volume_ml[0])


def test_the_volume_on_a_dose_day_is_the_one_before_the_dose():
    plan = Plan((radiotherapy(2.0, 2.0, 1),))
    found = simulate_volume(Exponential(net_rate_per_day=0.0), 1.0, 10.0, (2.0, 2.0001), plan, (Radiotherapy(),))
    assert found.volume_ml.values == pytest.approx([1.0, math.exp(-0.06)], rel=1e-12)


@pytest.mark.parametrize("volume", [-1.0, 11.0, float("nan")])
def test_an_impossible_volume_is_refused(volume):
    with pytest.raises(DataRefused, match="cannot grow in a capacity"):
        simulate_volume(FisherKPP(), volume, 10.0, (1.0,))


def test_a_dose_map_or_a_cavity_has_no_place_here():
    course = radiotherapy(1.0, 2.0, 1, relative_dose=np.ones((4, 4, 4)))
    with pytest.raises(DataRefused, match="dose map has shape"):
        simulate_volume(FisherKPP(), 1.0, 10.0, (5.0,), Plan((course,)), (Radiotherapy(),))
    with pytest.raises(DataRefused, match="cavity has shape"):
        simulate_volume(FisherKPP(), 1.0, 10.0, (5.0,), Plan((Resection(1.0, np.ones((2, 2, 2), bool)),)), (Surgery(),))


def test_sphere_volume():
    assert sphere_ml(10.0) == pytest.approx(0.5236, abs=1e-4)
