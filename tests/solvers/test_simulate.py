"""The one loop: landing on events, datasets, failures as values."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from solvers.effects.chemotherapy import Chemotherapy
from solvers.effects.radiotherapy import Radiotherapy
from solvers.models.fisher_kpp import FisherKPP
from solvers.problem import Problem
from solvers.simulate import Failure, simulate, simulate_batch, solve
from twin.errors import SolverError, UsageError
from twin.grid import Grid
from twin.medium import Medium
from twin.treatment import Fraction, Plan, chemotherapy
from twin.treatment import Radiotherapy as Course

SHAPE = (4, 5, 6)


def problem(days=(1.0, 2.0), fractions=(), start=0.0) -> Problem:
    medium = Medium.of_one_tissue(Grid(SHAPE, (2.0, 1.0, 1.0)), np.ones(SHAPE, bool))
    plan = Plan((Course(tuple(Fraction(t, 2.0) for t in fractions)),))
    return Problem(FisherKPP(), medium, np.full(SHAPE, 0.2), days, start, plan, (Radiotherapy(0.1),))


def growth(u: float, t: float, rho: float = 0.05) -> float:
    e = math.exp(rho * t)
    return u * e / (1 + u * (e - 1))


def test_the_state_on_the_day_of_a_dose_is_the_one_before_it():
    before, after = solve(problem((1.0, 1.001), (1.0,)), "native", "reference")
    assert before.cells == pytest.approx(growth(0.2, 1.0), rel=1e-9)
    assert after.cells == pytest.approx(growth(before.cells * Radiotherapy(0.1).survival(2.0), 0.001), rel=1e-6)


def test_two_fractions_on_one_day_are_two_and_a_dose_before_the_start_is_over():
    once, twice = (list(solve(problem((2.0,), days)))[-1].burden_ml() for days in ((1.0,), (1.0, 1.0)))
    survival = Radiotherapy(0.1).survival(2.0)
    assert twice / once == pytest.approx(survival, rel=0.08)
    late = list(solve(problem((2.0,), (1.0,), start=1.5)))[-1]
    assert late.cells == pytest.approx(growth(0.2, 0.5), rel=1e-5)


def test_a_drug_that_is_long_gone_kills_nothing_and_stops_no_run():
    """Eighty days after a dose its kill is the smallest number there is, and its mean day rounds to the step's beginning."""
    plan, effect = Plan((chemotherapy("temozolomide", 75.0, [1.0]),)), Chemotherapy(0.2)
    assert 0 < effect.exposure(plan, 81.0, 82.0) < 1e-300
    late = replace(problem((82.0,), start=81.0), plan=plan, effects=(effect,))
    assert next(iter(solve(late, "native", "fast"))).cells == pytest.approx(growth(0.2, 1.0), rel=1e-5)


def test_a_dataset_has_days_species_millimetres_and_units():
    data = simulate(problem(), accuracy="fast")
    assert dict(data.sizes) == {"t": 2, "species": 1, "z": 4, "y": 5, "x": 6}
    assert data.t.attrs["units"] == "day"
    assert data.z.values.tolist() == [0.0, 2.0, 4.0, 6.0]
    assert data.burden.attrs["units"] == "mL"
    assert data.burden.values[0] == pytest.approx(growth(0.2, 1.0) * 120 * 2e-3, rel=1e-5)


def test_a_failed_run_is_a_value_and_harms_no_other():
    good = problem()

    def last(shots):
        shots = list(shots)
        if shots[0].day == 3.0:
            raise SolverError("It broke.", remedy="mend it")
        return shots[-1].day

    results = simulate_batch([good, replace(good, days=(3.0,)), good], last, accuracy="fast")
    assert results == [2.0, Failure("It broke.", "mend it"), 2.0]


def test_a_misspelt_engine_is_answered_with_the_nearest():
    with pytest.raises(UsageError, match="Did you mean 'native'"):
        list(solve(problem(), "nativ"))
