"""Every registered engine refuses the same bad input before it computes, and keeps the same conventions."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from solvers.effects.radiotherapy import Radiotherapy
from solvers.engine import engines
from solvers.models.exponential import Exponential
from solvers.models.fisher_kpp import FisherKPP
from solvers.problem import Problem
from solvers.simulate import Failure, simulate, simulate_batch, solve
from twin.errors import DataRefused, UsageError
from twin.grid import Grid
from twin.medium import Medium
from twin.treatment import Plan, radiotherapy

ENGINES = [name for name in engines.names() if name != "gpu"]
GRID = Grid((2, 4, 5), (2.0, 1.0, 1.0))
DOMAIN = np.ones(GRID.shape, bool)
DOMAIN[:, 0] = False
MEDIUM = Medium.of_one_tissue(GRID, DOMAIN)
START = 0.3 * DOMAIN


@pytest.mark.parametrize("name", ENGINES)
def test_it_declares_its_orders_and_its_method(name):
    cls = engines[name]
    assert cls.order_in_space >= 1 and cls.order_in_time >= 1
    assert len(cls.__doc__) > 100


@pytest.mark.parametrize("name", ENGINES)
def test_a_problem_is_left_as_it_was(name):
    problem = Problem(
        FisherKPP(), MEDIUM, START.copy(), (5.0,), plan=Plan((radiotherapy(1, 4, 2),)), effects=(Radiotherapy(),)
    )
    before = problem.initial.copy()
    list(solve(problem, name, "fast"))
    assert (problem.initial == before).all()


@pytest.mark.parametrize("name", ENGINES)
def test_the_first_day_may_be_the_start_and_snapshots_are_copies(name):
    problem = Problem(FisherKPP(), MEDIUM, START, (0.0, 2.0, 2.5))
    shots = list(solve(problem, name, "fast"))
    assert [s.day for s in shots] == [0.0, 2.0, 2.5]
    assert shots[0].full_cells() == pytest.approx(START, abs=1e-7)
    shots[0].values[...] = 7.0
    assert shots[1].values.max() < 1.0


@pytest.mark.parametrize("name", ENGINES)
def test_an_empty_tumour_stays_empty(name):
    (shot,) = solve(Problem(FisherKPP(), MEDIUM, 0 * START, (3.0,)), name, "fast")
    assert shot.burden_ml() == 0.0


@pytest.mark.parametrize("name", ENGINES)
def test_one_voxel_is_a_world(name):
    grid = Grid((1, 1, 1), (1.0, 1.0, 1.0))
    medium = Medium.of_one_tissue(grid, np.ones(grid.shape, bool))
    (shot,) = solve(Problem(Exponential(net_rate_per_day=0.1), medium, np.full(grid.shape, 0.2), (3.0,)), name, "reference")
    assert shot.cells.item() == pytest.approx(0.2 * np.exp(0.3), rel=1e-7)


@pytest.mark.parametrize("name", ENGINES)
def test_a_wall_of_one_voxel_separates(name):
    grid = Grid((1, 1, 9), (1.0, 1.0, 1.0))
    domain = np.ones(grid.shape, bool)
    domain[..., 4] = False
    start = np.zeros(grid.shape)
    start[..., 0] = 0.5
    model = FisherKPP(diffusivity_mm2_per_day=1.0, proliferation_per_day=0.3)
    (shot,) = solve(Problem(model, Medium.of_one_tissue(grid, domain), start, (40.0,)), name, "fast")
    assert shot.full_cells()[..., :4].min() > 0.9 and shot.full_cells()[..., 4:].max() == 0


@pytest.mark.parametrize("name", ENGINES)
def test_a_batch_keeps_failures_as_values(name):
    good = Problem(FisherKPP(), MEDIUM, START, (1.0,))
    course = radiotherapy(0.5, 2.0, 1, relative_dose=np.ones((9, 9, 9)))
    bad = dataclasses.replace(good, plan=Plan((course,)), effects=(Radiotherapy(),))
    first, second, third = simulate_batch([good, bad, good], lambda shots: next(shots).burden_ml(), name, "fast")
    assert first == third > 0
    assert isinstance(second, Failure) and "dose map" in second.reason and "resample" in second.advice


def test_the_dataset_is_labelled():
    data = simulate(Problem(FisherKPP(), MEDIUM, START, (0.0, 1.0)), "native", "fast")
    assert data.u.dims == ("t", "species", "z", "y", "x")
    assert data.u.attrs["units"] == "1" and data.t.attrs["units"] == "day" and data.z.attrs["units"] == "mm"
    assert list(data.z.values) == [0.0, 2.0]


def test_a_misspelt_engine_names_the_nearest():
    with pytest.raises(UsageError, match="Did you mean 'native'"):
        list(solve(Problem(FisherKPP(), MEDIUM, START, (1.0,)), "nativ"))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"initial": 0.3 * np.ones(GRID.shape)}, "lies partly in a wall"),
        ({"initial": np.where(DOMAIN, np.nan, 0.0)}, "NaN or infinite"),
        ({"initial": 2.0 * DOMAIN}, "must lie in"),
        ({"initial": -0.1 * DOMAIN}, "must lie in"),
        ({"initial": np.zeros((3, 3, 3))}, "shape"),
        ({"days": ()}, "not increasing"),
        ({"days": (3.0, 2.0)}, "not increasing"),
        ({"days": (1.0, 1.0)}, "not increasing"),
        ({"days": (1.0, float("nan"))}, "not increasing"),
        ({"start_day": 2.0}, "not increasing"),
    ],
    ids=lambda v: v if isinstance(v, str) else next(iter(v)),
)
def test_bad_input_is_refused_before_any_step(change, words):
    good = dict(model=FisherKPP(), medium=MEDIUM, initial=START, days=(1.0, 2.0))
    with pytest.raises(DataRefused, match=words) as refused:
        Problem(**{**good, **change})
    assert refused.value.remedy


def test_a_growth_field_on_another_grid_or_with_gaps_is_refused():
    for field in (np.full((3, 3, 3), 0.1), np.where(DOMAIN, np.nan, 0.1)):
        with pytest.raises(DataRefused, match="proliferation_per_day"):
            Problem(FisherKPP(proliferation_per_day=field), MEDIUM, START, (1.0,))
