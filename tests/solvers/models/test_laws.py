"""What sets each growth model apart from the others."""

from __future__ import annotations

import math

import numpy as np
import pytest

from solvers.models.bertalanffy import Bertalanffy
from solvers.models.exponential import Exponential
from solvers.models.fisher_kpp import FisherKPP
from solvers.models.gompertz import Gompertz
from solvers.models.nutrient_necrosis import NutrientNecrosis
from solvers.models.two_species import TwoSpecies
from solvers.problem import Problem
from solvers.simulate import solve
from twin.errors import DataRefused
from twin.grid import Grid
from twin.medium import Medium

LINE = Grid((1, 1, 61), (1.0, 1.0, 1.0))


def line() -> Medium:
    return Medium.of_one_tissue(LINE, np.ones(LINE.shape, bool))


def hill(width: float = 4.0) -> np.ndarray:
    return 0.9 * np.exp(-(((np.arange(61) - 30) / width) ** 2))[None, None]


def slope(model, *u: float) -> np.ndarray:
    values = np.array(u)
    out = np.empty_like(values)
    model.rate(values, model.rate_parameters(), out)
    return out


def test_bertalanffy_holds_the_other_laws():
    u = 0.3
    logistic = slope(Bertalanffy(growth_per_day=0.1, exponent=-1.0), u)
    assert logistic == pytest.approx(slope(FisherKPP(proliferation_per_day=0.1), u))
    gompertz = slope(Bertalanffy(growth_per_day=0.1, exponent=0.0), u)
    assert gompertz == pytest.approx(slope(Gompertz(retardation_per_day=0.1), u), rel=1e-3)
    classical = slope(Bertalanffy(growth_per_day=0.1, exponent=1 / 3), u)
    assert classical == pytest.approx(0.3 * (u ** (2 / 3) - u))


def test_gompertz_grows_exponentially_below_its_floor():
    model = Gompertz(retardation_per_day=0.05, floor_fraction=1e-2)
    assert slope(model, 1e-5) / 1e-5 == pytest.approx(0.05 * math.log(100))
    assert slope(model, 1e-3) / 1e-3 == pytest.approx(0.05 * math.log(100))
    assert slope(model, 0.1) / 0.1 == pytest.approx(0.05 * math.log(10))


def test_the_net_rate_of_exponential_growth_may_be_negative():
    problem = Problem(Exponential(net_rate_per_day=-0.1), line(), hill(), (5.0,))
    (shot,) = solve(problem, "fipy", "fast")
    assert shot.burden_ml() == pytest.approx(hill().sum() * LINE.voxel_ml * math.exp(-0.5), rel=1e-4)
    with pytest.raises(DataRefused, match="net_rate_per_day = -0"):
        Exponential(net_rate_per_day=-0.9)


def test_exponential_growth_stops_at_the_capacity():
    problem = Problem(Exponential(net_rate_per_day=0.5), line(), hill(), (10.0,))
    (shot,) = solve(problem, "fipy", "fast")
    assert 0.999 < shot.cells.max() <= 1.0


def test_one_species_alone_is_fisher_kpp():
    model = TwoSpecies(proliferation_per_day=0.1, transition_per_day=0.0)
    start = np.concatenate([0 * hill()[None], hill()[None]])
    (two,) = solve(Problem(model, line(), start, (10.0,)), "fipy", "standard")
    (one,) = solve(Problem(FisherKPP(proliferation_per_day=0.1), line(), hill(), (10.0,)), "fipy", "standard")
    assert two.values[0].max() == 0
    assert two.values[1] == pytest.approx(one.values[0], abs=2e-5)


def test_crowded_non_enhancing_cells_turn_enhancing():
    (shot,) = solve(Problem(TwoSpecies(transition_per_day=0.2), line(), 0.7 * hill(), (20.0,)), "native", "fast")
    enhancing, rest = shot.full()[:, 0, 0]
    assert enhancing[30] > 0.75 > 0.25 > rest[30]
    assert rest[12] > enhancing[12]


def test_a_tumour_known_by_its_cells_starts_enhancing_where_it_is_dense():
    parts = TwoSpecies().distribute(hill())
    assert parts.sum(axis=0) == pytest.approx(hill())
    assert parts[0].max() == 0.9 and parts[1].max() < 0.8


def test_necrosis_forms_where_the_nutrient_is_used_up():
    model = NutrientNecrosis(consumption_per_day=0.5, nutrient_diffusivity_mm2_per_day=0.2, proliferation_per_day=0.2)
    (shot,) = solve(Problem(model, line(), hill(), (40.0,)), "native", "fast")
    living, dead, depletion = shot.full()[:, 0, 0]
    assert dead[30] > 0.5 > living[30]
    assert depletion[30] > 0.7 > depletion[0]
    assert shot.volume_ml(0.5) > (shot.cells > 0.5).sum() * LINE.voxel_ml
    assert (living + dead).max() <= 1.0


def test_a_growth_rate_may_differ_from_place_to_place():
    rate = np.where(np.arange(61) < 30, 0.2, 0.01)[None, None]
    (shot,) = solve(Problem(FisherKPP(proliferation_per_day=rate), line(), hill(), (10.0,)), "fipy", "fast")
    cells = shot.cells[0, 0]
    assert cells[:30].sum() > 1.5 * cells[31:].sum()
