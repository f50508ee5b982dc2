"""The arms that are compared without being asked for, and what no arm may do."""

from __future__ import annotations

import numpy as np
import pytest

from scenarios.arms import SITE_REGIMENS, arm, check_arms, check_overlap, default_arms, pick, reference_of
from scenarios.radiobiology import eqd2_gy, plan_doses_gy
from scenarios.regimen import library
from twin.errors import DataRefused
from twin.treatment import Plan, Resection, chemotherapy, radiotherapy


def test_six_arms_around_a_schedule(patient):
    arms = {a.id: a for a in default_arms(patient, 42.0)}
    assert list(arms) == ["none", "standard", "escalated", "hypofractionated", "intensified", "delayed"]
    check_arms(list(arms.values()), 42.0)
    assert arms["none"].plan_after.courses == () and arms["none"].words == "no treatment"
    assert sum(plan_doses_gy(arms["standard"].plan_after)) == pytest.approx(30)
    assert sum(plan_doses_gy(arms["escalated"].plan_after)) == pytest.approx(37.5)
    assert eqd2_gy(plan_doses_gy(arms["hypofractionated"].plan_after), 10) == pytest.approx(30)
    assert len(plan_doses_gy(arms["hypofractionated"].plan_after)) == 10
    assert len(arms["intensified"].plan_after.drug_doses()) > len(arms["standard"].plan_after.drug_doses())
    assert arms["delayed"].plan_after.fractions()[0][1].day == 56
    assert reference_of(list(arms.values())) == "standard"


def test_drugs_only_and_nothing_scheduled(make_patient):
    cycle = Plan((chemotherapy("doxorubicin", 60, [8]), chemotherapy("cyclophosphamide", 600, [8])))
    arms = default_arms(make_patient(cycle, "breast"), 25.0)
    check_arms(arms, 25.0)
    assert [a.id for a in arms] == ["none", "repeat", "repeat-dense", "repeat-escalated", "delayed"]
    assert reference_of(arms) == "none"
    other = default_arms(make_patient(Plan((chemotherapy("doxorubicin", 60, [8, 50]),)), "breast"), 25.0)
    assert [a.id for a in other] == ["none", "standard", "intensified", "delayed"]
    assert {d.amount for d in other[2].plan_after.drug_doses()} == {75.0}


@pytest.mark.parametrize("site", [*SITE_REGIMENS, "pancreas"])
def test_untreated_patients_of_every_site(site, make_patient):
    arms = default_arms(make_patient(Plan(), site), 42.0)
    check_arms(arms, 42.0)
    assert arms[0].id == "none" and (len(arms) > 3) == (site != "pancreas")


def test_site_regimens_exist():
    assert {name for names in SITE_REGIMENS.values() for name in names} <= set(library())


def test_large_fractions_are_noted():
    assert "linear-quadratic law is extrapolated" in arm("x", "X", Plan((radiotherapy(50, 54, 3),))).notes[0]
    assert arm("x", "X", Plan((radiotherapy(50, 40, 5),))).notes == ()


def test_doses_before_the_decision_are_refused():
    for early in (radiotherapy(21, 60, 30), chemotherapy("temozolomide", 75, [41]), Resection(3, np.zeros((1, 1, 1), bool))):
        with pytest.raises(DataRefused, match="before the decision day 42"):
            check_arms([arm("late", "Late", Plan((early,)))], 42.0)
    check_arms([arm("due", "Due", Plan((chemotherapy("temozolomide", 75, [42]),)))], 42.0)


def test_contradictory_courses_are_refused():
    with pytest.raises(DataRefused, match="Two courses of radiotherapy overlap on day 50"):
        check_overlap(Plan((radiotherapy(42, 30, 15), radiotherapy(50, 20, 5))), "arm")
    with pytest.raises(DataRefused, match="Two courses of temozolomide overlap on day 44"):
        check_overlap(Plan((chemotherapy("temozolomide", 75, [42, 44]), chemotherapy("temozolomide", 150, [44]))), "arm")
    check_overlap(Plan((radiotherapy(42, 30, 15), radiotherapy(70, 20, 5), chemotherapy("doxorubicin", 60, [44]))), "arm")


def test_no_arm_and_two_of_one_name():
    with pytest.raises(DataRefused, match="no arm"):
        check_arms([], 42.0)
    with pytest.raises(DataRefused, match="Two arms are called 'a'"):
        check_arms([arm("a", "A", Plan())] * 2, 42.0)


def test_unknown_arm_names_the_nearest(patient):
    with pytest.raises(DataRefused, match=r"no arm called 'delaid'\. Did you mean 'delayed'"):
        pick(default_arms(patient, 42.0), ["delaid"])
