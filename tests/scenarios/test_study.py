"""The study file: what it can say, and what is refused in it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from scenarios.arms import load_study
from scenarios.study import study_from
from twin.errors import DataRefused

GOOD = """
study: 1
reference: planned
horizon_day: 120
scan_days: [90, 120]
draws: 3
endpoints: [visible-volume, time-to-progression]
arms:
  - {id: none, same_as: none}
  - {id: planned, label: As planned, same_as: as scheduled}
  - {id: no-drug, same_as: as scheduled, modify: {omit: [temozolomide], scale_dose: {radiotherapy: 1.1}, delay_days: 7}}
  - {id: short, regimen: short-course-25-5, from_day: 49}
  - id: own
    courses:
      - {radiotherapy: 34 Gy, fractions: 10, from_day: 49}
      - {drug: temozolomide, amount: 75 mg/m2, days: during radiotherapy}
"""


def test_every_kind_of_arm(tmp_path, patient):
    path = tmp_path / "study.yaml"
    path.write_text(GOOD)
    study = load_study(path)
    arms = {a.id: a for a in study.build(patient, 42.0)}
    assert arms["none"].plan_after.courses == ()
    assert arms["planned"].label == "As planned"
    changed = arms["no-drug"].plan_after
    assert changed.drugs() == () and changed.fractions()[0][1].day == 49
    assert changed.fractions()[0][1].dose_gy == pytest.approx(2.2)
    assert arms["short"].words == "25 Gy in 5 fractions of 5 Gy, daily, day 49 to 53"
    assert len(arms["own"].plan_after.drug_doses()) == 12


def with_arm(**keys):
    return study_from({"arms": [{"id": "a", **keys}]})


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({}, "exactly one of same_as, regimen, courses or words"),
        ({"same_as": "none", "regimen": "stupp", "from_day": 50}, "exactly one"),
        ({"regimen": "stupp"}, "from_day and regimen go together"),
        ({"regimen": "stup", "from_day": 50}, "no regimen called 'stup'. Did you mean 'stupp'"),
        ({"courses": [{"drug": "temozolomide", "amount": "75 mg/m2", "on_days": [50]}]}, "key 'on_days' is unknown"),
        ({"same_as": "none", "colour": "red"}, "unknown"),
        ({"same_as": "none", "modify": {"omit": ["temozolamide"]}}, "Did you mean 'temozolomide'"),
        ({"same_as": "none", "modify": {"scale_dose": {"radiotherapy": -1}}}, "is no schedule"),
        ({"courses": [{"radiotherapy": "34", "fractions": 10}]}, "has no unit"),
        ({"courses": [{"drug": "aspirin", "amount": "75 mg"}]}, "no drug called 'aspirin'"),
    ],
)
def test_wrong_arms_are_refused(keys, words):
    with pytest.raises(DataRefused, match=words):
        with_arm(**keys)


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"arms": []}, "names 'arms', 'samples' or both"),
        ({"reference": "b"}, "no arm called 'b'"),
        ({"endpoints": ["volum"]}, "no endpoint called 'volum'"),
        ({"study": 2}, "study"),
        ({"draws": 1}, "1 is too small"),
    ],
)
def test_wrong_studies_are_refused(keys, words):
    with pytest.raises(DataRefused, match=words):
        study_from({"arms": [{"id": "a", "same_as": "none"}], **keys})


def test_a_study_that_is_not_there(tmp_path):
    with pytest.raises(DataRefused, match=r"nothere\.yaml cannot be read: No such file"):
        load_study(tmp_path / "nothere.yaml")


def test_arms_that_contradict_the_patient(patient):
    with pytest.raises(DataRefused, match="before the decision day 42"):
        with_arm(regimen="stupp", from_day=21).build(patient, 42.0)
    with pytest.raises(DataRefused, match=r"no arm called 'standart'\. Did you mean 'standard'"):
        with_arm(same_as="standart").build(patient, 42.0)
    twice = [{"radiotherapy": "34 Gy", "fractions": 10, "from_day": day} for day in (49, 52)]
    with pytest.raises(DataRefused, match="Two courses of radiotherapy overlap"):
        with_arm(courses=twice).build(patient, 42.0)


def test_a_synthetic_dose_where_none_is_given(patient):
    lesion = np.zeros(patient.grid.shape, bool)
    lesion[9:12, 10:13, 11:14] = True
    seen = replace(patient, visits=tuple(replace(v, regions={"enhancing": lesion}) for v in patient.visits))
    rule = "if volume exceeds baseline by 25 % at a scan, switch to 8 Gy in 1 fraction from the scan"
    arms = [
        {"id": "wait", "same_as": "none", "adapt": [rule]},
        {"id": "planned", "same_as": "as scheduled", "adapt": [rule]},
        {"id": "short", "regimen": "short-course-25-5", "from_day": 49},
        {"id": "own", "words": "20 Gy in 5 fractions from day 49 to the core with 3 mm margin"},
    ]
    study = study_from({"arms": arms, "dose_where_none": {"margin_mm": 15}})
    wait, planned, short, own = study.build(seen, 42.0, (42.0, 90.0))
    told = "synthetic dose: core + 15 mm, halved every 6 mm"
    beams = [plan.fractions()[0][0] for plan in (planned.plan_after, planned.rules[0].plan(90.0), short.plan_after)]
    assert {c.dose_from for c in beams} == {told} and len({id(c.relative_dose) for c in beams}) == 1
    assert wait.notes == (f"{told}: an assumption, not a plan",)
    for built in (planned, short):
        assert told in built.words and f"{told}: an assumption, not a plan" in built.notes
    assert own.plan_after.fractions()[0][0].dose_from == "synthetic dose: core + 3 mm, halved every 6 mm"
    with pytest.raises(DataRefused, match="no segmentation to draw a dose around"):
        study.build(patient, 42.0)
