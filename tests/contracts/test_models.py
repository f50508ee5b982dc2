"""Every registered growth model keeps the promises of its seam; a new one is tested without being asked."""

from __future__ import annotations

import dataclasses
import math
import re

import numpy as np
import pytest

from solvers.model import models
from solvers.problem import Problem
from solvers.simulate import solve
from twin.errors import DataRefused
from twin.grid import Grid
from twin.medium import Medium
from twin.parameter import declared

MODELS = [pytest.param(cls, id=name) for name, cls in models]
UNITS = {"1", "1/day", "day", "mm", "mm2/day", "kPa", "1/kPa", "Gy", "1/Gy", "mmHg"}


def drawn(cls, rng: np.random.Generator):
    """An instance with numbers from all over their ranges, logarithmically where the range is positive."""
    values = {}
    for p in declared(cls):
        positive = p.low > 0
        values[p.name] = math.exp(rng.uniform(math.log(p.low), math.log(p.high))) if positive else rng.uniform(p.low, p.high)
    return cls(**values)


def state(model, rng: np.random.Generator) -> np.ndarray:
    """A random admissible state of one voxel, (species,)."""
    u = rng.uniform(0, 1, len(model.species))
    sharing = list(model.crowding or model.tumour_species)
    return np.where(np.isin(np.arange(len(u)), sharing), u * rng.uniform(0, 1) / u[sharing].sum(), u)


def slope(model, u: np.ndarray) -> np.ndarray:
    out = np.empty_like(u)
    model.rate(u, model.rate_parameters(), out)
    return out


@pytest.mark.parametrize("cls", MODELS)
def test_parameters_declare_everything(cls):
    assert declared(cls)
    for p in declared(cls):
        assert p.low < p.high and p.low <= p.default <= p.high, p.name
        assert p.low <= p.prior.median <= p.high and p.prior.spread >= 0, p.name
        assert p.unit in UNITS and p.symbol and len(p.description) > 10 and len(p.source) > 5, p.name
        assert p.prior.scale == "linear" or p.low > 0, f"{p.name}: a log prior needs a positive range"
        assert "held fixed" in p.description or p.prior.spread > 0, f"{p.name}: say that it is held fixed"


@pytest.mark.parametrize("cls", MODELS)
def test_units_stand_in_the_names(cls):
    endings = {"1/day": "_per_day", "mm2/day": "_mm2_per_day", "kPa": "_kpa", "1/kPa": "_per_kpa", "mm": "_mm"}
    for p in declared(cls):
        assert p.name.endswith(endings.get(p.unit, "")), p.name


@pytest.mark.parametrize("cls", MODELS)
def test_the_docstring_holds_equation_units_and_source(cls):
    text = cls.__doc__
    assert re.search(r"d\w+/dt = ", text) and "Source: " in text and re.search(r"fractions?, 1", text)
    assert re.search(r"\d{4}", cls.citation)


@pytest.mark.parametrize("cls", MODELS)
def test_numbers_outside_the_range_are_refused(cls):
    for p in declared(cls):
        for bad in (p.low - 1.0, p.high * 2 + 1.0, math.nan):
            with pytest.raises(DataRefused, match=p.name):
                cls(**{p.name: bad})


@pytest.mark.parametrize("cls", MODELS)
def test_it_is_a_frozen_value(cls):
    model = cls()
    assert model == cls() and dataclasses.replace(model) == model
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(model, declared(cls)[0].name, 0.1)


@pytest.mark.parametrize("cls", MODELS)
def test_diffusivity_is_finite_not_negative_and_fastest_in_the_first_tissue(cls):
    rng = np.random.default_rng(1)
    for _ in range(20):
        table = drawn(cls, rng).diffusivity(("a", "b", "c"))
        assert table.shape == (len(cls.species), 3)
        assert np.isfinite(table).all() and table.min() >= 0 and (table[:, :1] >= table).all()


@pytest.mark.parametrize("cls", MODELS)
def test_the_reaction_keeps_the_bounds(cls):
    """At an empty voxel nothing is born, no species leaves zero downwards, and full tissue does not get fuller."""
    rng = np.random.default_rng(2)
    for _ in range(200):
        model = drawn(cls, rng)
        assert slope(model, np.zeros(len(cls.species))) == pytest.approx(0.0)
        for s in range(len(cls.species)):
            u = state(model, rng)
            u[s] = 0.0
            assert slope(model, u)[s] >= 0.0
        u = state(model, rng)
        sharing = list(model.crowding or model.tumour_species)
        u[sharing] /= u[sharing].sum()
        assert slope(model, u)[sharing].sum() <= 1e-12


@pytest.mark.parametrize("cls", MODELS)
def test_one_formula_serves_scalars_and_arrays(cls):
    rng = np.random.default_rng(3)
    model = drawn(cls, rng)
    states = np.stack([state(model, rng) for _ in range(7)], axis=1)
    together = slope(model, states)
    alone = np.stack([slope(model, states[:, k].copy()) for k in range(7)], axis=1)
    assert together == pytest.approx(alone, rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("cls", MODELS)
def test_the_flow_is_the_solution_of_the_rate(cls):
    if cls.flow is None:
        pytest.skip("engines integrate this model's rate")
    from scipy.integrate import solve_ivp

    rng = np.random.default_rng(4)
    for _ in range(60):
        model = drawn(cls, rng)
        u0, kill, dt = rng.uniform(0.001, 0.95), rng.choice([0.0, rng.uniform(0, 3)]), rng.uniform(0.01, 5)
        out = np.zeros(1)
        model.flow(np.array([u0]), model.rate_parameters(), kill, dt, out)
        if model.capped and out[0] > 0.999:
            continue

        def logarithmic(t, v, model=model, kill=kill):
            u = np.exp(v)
            return slope(model, u) / u - kill

        found = solve_ivp(logarithmic, (0, dt), [math.log(u0)], rtol=1e-10, atol=1e-12, max_step=dt / 10)
        assert math.log(out[0]) == pytest.approx(found.y[0, -1], abs=1e-7)


@pytest.mark.parametrize("cls", MODELS)
def test_the_flow_is_a_semigroup_and_keeps_zero_and_the_bounds(cls):
    if cls.flow is None:
        pytest.skip("engines integrate this model's rate")
    rng = np.random.default_rng(5)
    for _ in range(100):
        model = drawn(cls, rng)
        p, kill, dt = model.rate_parameters(), rng.choice([0.0, 10 ** rng.uniform(-3, 2)]), 10 ** rng.uniform(-4, 2)
        u, whole, half = rng.uniform(0, 1, 1), np.zeros(1), np.zeros(1)
        model.flow(u, p, kill, dt, whole)
        model.flow(u, p, kill, 0.5 * dt, half)
        model.flow(half.copy(), p, kill, 0.5 * dt, half)
        assert half == pytest.approx(whole, rel=1e-8, abs=1e-300)
        assert 0.0 <= whole[0] <= 1.0
        model.flow(np.zeros(1), p, kill, dt, whole)
        assert whole[0] == 0.0


@pytest.mark.parametrize("cls", MODELS)
def test_accuracy_rate_bounds_the_growth_per_cell(cls):
    rng = np.random.default_rng(6)
    for _ in range(200):
        model = drawn(cls, rng)
        u = np.maximum(state(model, rng), 1e-9)
        tumour = list(model.tumour_species)
        assert slope(model, u)[tumour].sum() / u[tumour].sum() <= model.accuracy_rate * (1 + 1e-9)


@pytest.mark.parametrize("cls", MODELS)
def test_a_cell_fraction_is_distributed_without_loss(cls):
    cells = np.random.default_rng(7).uniform(0, 1, (2, 3, 4))
    parts = cls().distribute(cells)
    assert parts.shape == (len(cls.species), 2, 3, 4)
    assert parts[list(cls.tumour_species)].sum(axis=0) == pytest.approx(cells)


@pytest.mark.parametrize("engine", ["native", "fipy"])
@pytest.mark.parametrize("cls", MODELS)
def test_every_model_runs_on_every_engine_and_keeps_the_bounds(cls, engine):
    grid = Grid((2, 5, 6), (3.0, 1.0, 1.3))
    domain = np.ones(grid.shape, bool)
    domain[:, 2, 1:5] = False
    medium = Medium.of_fractions(grid, {"a": domain * 0.7, "b": domain * 0.3})
    cells = np.random.default_rng(8).uniform(0, 1, grid.shape) * domain
    (shot,) = solve(Problem(cls(), medium, cells, (3.0,)), engine, "fast")
    full = shot.full()
    sharing = list(cls.crowding or cls.tumour_species)
    assert full.min() >= 0 and full[sharing].sum(axis=0).max() <= 1 + 1e-6
    assert full[list(cls.tumour_species)][:, ~domain].max() == 0
