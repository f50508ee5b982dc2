"""Nobody is offered a first course of radiotherapy twice, and whoever adds one is told what the tissue has had."""

from __future__ import annotations

import pytest

from scenarios.arms import arm, check_arms, default_arms
from scenarios.compare import run_scenarios
from scenarios.prepare import with_notes
from scenarios.study import study_from
from twin.store import load_json
from twin.treatment import Plan, chemotherapy, radiotherapy

COURSE = radiotherapy(0, 60, 30)  # the last fraction on day 39
CONCOMITANT = chemotherapy("temozolomide", 75, range(40))


def given(*courses):
    return Plan(courses)


@pytest.mark.parametrize("plan", [given(COURSE), given(COURSE, CONCOMITANT)])
def test_after_chemoradiation_the_defaults_are_adjuvant_drugs_and_re_irradiation(plan, make_patient):
    arms = {a.id: a for a in default_arms(make_patient(plan), 42.0)}
    assert list(arms) == ["none", "adjuvant-temozolomide", "reirradiation-35-10", "delayed"]
    check_arms(list(arms.values()), 42.0)
    assert "Re-irradiation" in arms["reirradiation-35-10"].label
    assert sum(f.dose_gy for _, f in arms["reirradiation-35-10"].plan_after.fractions()) == pytest.approx(35)
    assert not arms["adjuvant-temozolomide"].plan_after.fractions() and not arms["delayed"].plan_after.fractions()
    assert arms["adjuvant-temozolomide"].plan_after.drug_doses()[0].day == 39 + 28


def test_drugs_that_went_on_after_it_are_repeated(make_patient):
    cycle = chemotherapy("temozolomide", 150, range(67, 72))
    arms = default_arms(make_patient(given(COURSE, CONCOMITANT, cycle)), 80.0)
    assert [a.id for a in arms] == ["none", "repeat", "repeat-dense", "repeat-escalated", "delayed", "reirradiation-35-10"]


@pytest.mark.parametrize(("site", "left"), [("lung", 1), ("prostate", 1), ("breast", 5)])
def test_other_sites_keep_what_holds_no_radiotherapy(site, left, make_patient):
    arms = default_arms(make_patient(given(COURSE), site), 42.0)
    assert len(arms) == left and not any(a.plan_after.fractions() for a in arms)


def test_a_course_named_by_hand_is_kept_and_told_of(make_patient):
    patient = make_patient(given(COURSE))
    study = study_from({"arms": [{"id": "again", "regimen": "stupp", "from_day": 100}]})
    (again,) = study.build(patient, 42.0)
    found = with_notes(again, patient, 42.0)
    assert found.plan_after == again.plan_after
    told = " ".join(found.notes)
    assert "has had 60 Gy in 30 fractions already (the last on day 39); with this option 120 Gy in all" in told
    assert "EQD2 of 120 Gy to the tumour (alpha/beta 10 Gy) and 120 Gy to healthy tissue" in told
    assert "re-irradiation 61 days after the last fraction: the cited study (RTOG 1205) asked for six months" in told


def test_both_equivalent_doses_are_of_their_own_tissue(make_patient):
    patient = make_patient(given(COURSE))
    told = with_notes(arm("more", "More", given(radiotherapy(273, 35, 10))), patient, 42.0).notes[0]
    # 35 Gy in 10: EQD2 = 35 (3.5 + 10) / 12 = 39.4 Gy; of brain, alpha/beta 2: 35 (3.5 + 2) / 4 = 48.1 Gy
    assert "95 Gy in all" in told and "99 Gy to the tumour" in told and "(alpha/beta 2 Gy)" in told and "108 Gy" in told


def test_a_course_under_way_is_no_re_irradiation(patient):
    arms = {a.id: with_notes(a, patient, 42.0) for a in default_arms(patient, 42.0)}
    told = {name: [n for n in a.notes if "already" in n] for name, a in arms.items()}
    assert [name for name, notes in told.items() if notes] == ["escalated"]
    assert "67.5 Gy in all" in told["escalated"][0]


def test_the_comparison_says_it(make_patient, make_calibration, tmp_path):
    twin = make_calibration(make_patient(given(COURSE)), draws=2)
    run_scenarios(twin, tmp_path, horizon_day=90.0, processes=0)
    found = load_json(tmp_path / "scenarios.json")
    assert {a["id"] for a in found["arms"]} >= {"none", "reirradiation-35-10"} and "stupp" not in str(found["arms"])
    told = [said for said in found["limits"] if said.startswith("“Re-irradiation, 35 Gy in 10”")]
    assert any("the tissue has had 60 Gy" in said for said in told)
    assert any("re-irradiation 28 days after the last fraction" in said for said in told)
