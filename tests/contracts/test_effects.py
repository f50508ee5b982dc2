"""Every registered therapy effect keeps the promises of its seam; a new one is tested without being asked."""

from __future__ import annotations

import dataclasses
import itertools
import math
import pickle
import re

import numpy as np
import pytest

from solvers.companion import extended
from solvers.effect import effects
from solvers.models.fisher_kpp import FisherKPP
from solvers.models.gompertz import Gompertz
from solvers.models.two_species import TwoSpecies
from solvers.problem import Problem
from solvers.simulate import solve
from twin.errors import DataRefused
from twin.grid import Grid
from twin.medium import Medium
from twin.parameter import declared
from twin.treatment import Plan, Resection, chemotherapy, radiotherapy

EFFECTS = [pytest.param(cls, id=name) for name, cls in effects]
GRID = Grid((2, 3, 5), (3.0, 1.0, 1.0))
MEDIUM = Medium.of_one_tissue(GRID, np.ones(GRID.shape, bool))
CAVITY = np.zeros(GRID.shape, bool)
CAVITY[0, 1, 2] = True
EVERYTHING = Plan(
    (
        radiotherapy(1.25, 6.0, 3),
        chemotherapy("temozolomide", 75.0, [1.25, 2.4]),
        chemotherapy("pembrolizumab", 200.0, [1.7]),
        Resection(2.05, CAVITY),
    )
)


@pytest.mark.parametrize("cls", EFFECTS)
def test_parameters_declare_everything(cls):
    assert declared(cls)
    for p in declared(cls):
        assert p.low < p.high and p.low <= p.default <= p.high, p.name
        assert p.low <= p.prior.median <= p.high and p.prior.spread >= 0, p.name
        assert p.unit and p.symbol and len(p.description) > 10 and len(p.source) > 5, p.name
        assert p.prior.scale == "linear" or p.low > 0, f"{p.name}: a log prior needs a positive range"
        assert "held fixed" in p.description or p.prior.spread > 0, f"{p.name}: say that it is held fixed"


@pytest.mark.parametrize("cls", EFFECTS)
def test_something_can_be_learnt_unless_it_is_surgery(cls):
    free = [p for p in declared(cls) if p.prior.spread > 0]
    assert len(free) <= 2
    assert free or cls is effects["surgery"]


@pytest.mark.parametrize("cls", EFFECTS)
def test_the_docstring_holds_equation_and_source(cls):
    assert "=" in cls.__doc__ and "Source: " in cls.__doc__
    assert re.search(r"\d{4}", cls.citation)


@pytest.mark.parametrize("cls", EFFECTS)
def test_numbers_outside_the_range_are_refused(cls):
    for p in declared(cls):
        for bad in (p.low - 1.0, p.high * 2 + 1.0, math.nan):
            with pytest.raises(DataRefused, match=p.name):
                cls(**{p.name: bad})


@pytest.mark.parametrize("cls", EFFECTS)
def test_it_is_a_frozen_value_that_travels_between_processes(cls):
    effect = cls()
    assert effect == cls() == dataclasses.replace(effect) == pickle.loads(pickle.dumps(effect))


@pytest.mark.parametrize("cls", EFFECTS)
def test_an_empty_plan_has_no_effect(cls):
    effect = cls()
    assert not effect.acts_on(Plan())
    assert effect.jumps(Plan(), MEDIUM) == [] and effect.breakpoints(Plan()) == []
    assert effect.exposure(Plan(), 0.0, 10.0) == 0.0


@pytest.mark.parametrize("cls", EFFECTS)
def test_it_acts_on_its_own_treatment_and_says_when(cls):
    effect = cls()
    assert effect.acts_on(EVERYTHING)
    times = [j.day for j in effect.jumps(EVERYTHING, MEDIUM)] + effect.breakpoints(EVERYTHING)
    assert times == sorted(times) and times and all(1.0 < t < 5.0 for t in times)


@pytest.mark.parametrize("cls", EFFECTS)
def test_it_never_makes_cells(cls):
    effect = cls()
    for jump in effect.jumps(EVERYTHING, MEDIUM):
        survival = np.asarray(jump.survival)
        assert survival.ndim == 0 or survival.shape == GRID.shape
        assert survival.min() >= 0 and survival.max() <= 1
    assert effect.exposure(EVERYTHING, 0.0, 10.0) >= 0


@pytest.mark.parametrize("cls", EFFECTS)
def test_exposure_is_additive_in_time(cls):
    effect = cls()
    whole = effect.exposure(EVERYTHING, 0.0, 6.0)
    edges = [0.0, 0.3, 1.25, 1.7, 2.05, 2.4, 5.55, 6.0]
    parts = [effect.exposure(EVERYTHING, a, b) for a, b in itertools.pairwise(edges)]
    assert sum(parts) == pytest.approx(whole, rel=1e-12)


@pytest.mark.parametrize("engine", ["native", "fipy"])
@pytest.mark.parametrize("cls", EFFECTS)
def test_treatment_on_either_engine_leaves_fewer_living_cells(cls, engine):
    start = 0.4 * np.ones(GRID.shape)
    treated = Problem(FisherKPP(), MEDIUM, start, (1.0, 6.0), plan=EVERYTHING, effects=(cls(),))
    untreated = dataclasses.replace(treated, plan=Plan())
    shots = list(solve(treated, engine, "fast"))
    control = list(solve(untreated, engine, "fast"))
    assert shots[0].burden_ml() == pytest.approx(control[0].burden_ml(), rel=1e-6)
    assert shots[1].burden_ml() < control[1].burden_ml()
    assert shots[1].values.min() >= 0


@pytest.mark.parametrize("model", [FisherKPP(), Gompertz(), TwoSpecies()], ids=lambda m: type(m).__name__)
@pytest.mark.parametrize("cls", EFFECTS)
def test_a_model_with_companions_travels_and_is_extended_once(cls, model):
    once = extended(model, [cls()])
    again = extended(once, [cls()])
    assert once == again == pickle.loads(pickle.dumps(once))
    assert extended(once, []) == model
    assert len(once.rate_parameters()) >= len(model.rate_parameters())
    u = np.full(len(once.species), 0.2)
    out = np.empty_like(u)
    once.rate(u, once.rate_parameters(), out)
    assert np.isfinite(out).all()
