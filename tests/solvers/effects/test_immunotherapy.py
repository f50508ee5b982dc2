"""Effector cells against Kuznetsov's published system."""

from __future__ import annotations

import numpy as np
import pytest

from solvers.effects.chemotherapy import Chemotherapy
from solvers.effects.immunotherapy import Effectors, Immunotherapy
from solvers.models.fisher_kpp import FisherKPP
from solvers.volume import simulate_volume
from twin.treatment import Plan, chemotherapy

DOSE = Plan((chemotherapy("pembrolizumab", 200.0, [1.0]),))


def test_defaults_are_kuznetsovs_nondimensional_numbers_in_days():
    """sigma and time unit apart: rho 1.131, eta 20.19, mu .00311, delta .3743 with T0 = 1e6 cells, n T0 = 0.1101 /day."""
    effect, unit, capacity = Immunotherapy(), 0.1101, 500.0
    assert effect.recruitment_per_day == pytest.approx(1.131 * unit, rel=2e-3)
    assert effect.half_stimulation == pytest.approx(20.19 / capacity, rel=2e-3)
    assert effect.inactivation_per_day == pytest.approx(0.00311 * unit * capacity, rel=2e-3)
    assert effect.effector_death_per_day == pytest.approx(0.3743 * unit, rel=2e-3)
    assert effect.effector_kill_per_day == pytest.approx(unit, rel=2e-3)


def test_without_a_dose_nothing_happens():
    model = FisherKPP()
    alone = simulate_volume(model, 1.0, 10.0, (30.0,))
    waiting = simulate_volume(model, 1.0, 10.0, (30.0,), Plan(), (Immunotherapy(),))
    assert waiting.volume_ml.values == pytest.approx(alone.volume_ml.values, rel=1e-9)


def test_a_dose_brings_effectors_where_the_tumour_is_and_kills():
    model = FisherKPP()
    found = simulate_volume(model, 1.0, 10.0, (1.0, 1.0 + 1e-9, 20.0), DOSE, (Immunotherapy(),))
    effectors = found.u.sel(species="effectors").values
    u = float(found.u.sel(species="cells")[0])
    assert effectors[0] == 0
    assert effectors[1] == pytest.approx(u / (u + 0.0404), rel=1e-6)
    alone = simulate_volume(model, 1.0, 10.0, (20.0,))
    assert float(found.volume_ml[2]) < 0.5 * float(alone.volume_ml[0])


def test_the_companions_flow_is_the_solution_of_its_rate():
    beside = Effectors(0.1245, 0.0404, 0.171, 0.0412, 0.11, 1.0)
    p, v = beside.parameters(), 0.7
    for _ in range(10000):
        v += 1e-3 * beside.rate(v, 0.3, p, 0)[0]
    assert beside.flow(0.7, 0.3, p, 0, 10.0) == pytest.approx(v, rel=1e-4)


def test_chemotherapy_beside_it_adds_up():
    plan = DOSE + Plan((chemotherapy("temozolomide", 75.0, np.arange(1.0, 15.0)),))
    both = simulate_volume(FisherKPP(), 1.0, 10.0, (20.0,), plan, (Immunotherapy(), Chemotherapy()))
    one = simulate_volume(FisherKPP(), 1.0, 10.0, (20.0,), plan, (Immunotherapy(),))
    assert float(both.volume_ml[0]) < float(one.volume_ml[0])
