"""Delay, scale, omit, other fractionation, dose-dense cycles."""

from __future__ import annotations

import numpy as np
import pytest

from scenarios import modify
from scenarios.intensify import dose_dense, repeat_last_cycle
from scenarios.radiobiology import eqd2_gy, plan_doses_gy
from twin.treatment import Plan, chemotherapy, radiotherapy


@pytest.fixture
def rest(patient):
    return patient.treatments.from_day(42)


@pytest.mark.parametrize("days", [7, 14, 3, 5, 1])
def test_delay_keeps_count_dose_and_weekdays(rest, days):
    late = modify.delay(rest, days)
    beams = [f.day for _, f in late.fractions()]
    assert plan_doses_gy(late) == plan_doses_gy(rest)
    assert all(int(d) % 7 < 5 for d in beams) and beams[0] >= 42 + days
    assert [d.day - days for d in late.drug_doses()] == [d.day for d in rest.drug_doses()]


def test_scale_and_omit(rest):
    more = modify.scale(rest, {"radiotherapy": 1.25})
    assert sum(plan_doses_gy(more)) == pytest.approx(37.5)
    assert more.drug_doses() == rest.drug_doses()
    assert modify.omit(rest, {"temozolomide"}).drugs() == ()
    assert modify.omit(rest, {"radiotherapy"}).fractions() == []
    assert modify.omit(rest, {"radiotherapy", "temozolomide"}).courses == ()


def test_refraction_keeps_the_eqd2_and_the_dose_map(rest):
    relative = np.ones((2, 2, 2))
    plan = Plan((radiotherapy(42, 30, 15, relative_dose=relative), *rest.courses[1:]))
    fewer = modify.refraction(plan, 10, 10.0)
    assert len(plan_doses_gy(fewer)) == 10 and plan_doses_gy(fewer)[0] == pytest.approx(2.81, abs=0.01)
    assert eqd2_gy(plan_doses_gy(fewer), 10.0) == pytest.approx(eqd2_gy(plan_doses_gy(plan), 10.0))
    assert fewer.fractions()[0][0].relative_dose is relative
    assert fewer.fractions()[-1][1].day == 53


def test_dose_dense_cycles(rest):
    denser = dose_dense(rest, "temozolomide")
    first = [d for d in denser.drug_doses() if 91 <= d.day < 119]
    assert [d.day for d in first] == list(range(91, 112)) and {d.amount for d in first} == {75.0}
    assert {d.amount for d in denser.drug_doses() if d.day >= 119} == {100.0}
    assert [d for d in denser.drug_doses() if d.day < 63] == [d for d in rest.drug_doses() if d.day < 63]
    assert dose_dense(modify.omit(rest, {"temozolomide"}), "temozolomide") is None


def test_last_cycle_again():
    given = Plan((chemotherapy("doxorubicin", 60, [8]), chemotherapy("cyclophosphamide", 600, [8])))
    again = repeat_last_cycle(given, 25, count=3)
    assert [d.day for d in again.drug_doses("doxorubicin")] == [29, 50, 71]
    overdue = repeat_last_cycle(given, 40, count=2)
    assert [d.day for d in overdue.drug_doses("cyclophosphamide")] == [40, 61]
    spaced = repeat_last_cycle(Plan((chemotherapy("doxorubicin", 60, [0, 14]),)), 20, count=2)
    assert [d.day for d in spaced.drug_doses()] == [28, 42]
