"""Whole arms in words: modifications, rules, doses around the lesion; nothing is skipped."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from scenarios.study import study_from
from twin.errors import DataRefused

SCANS = (42.0, 70.0, 98.0)


@pytest.fixture
def seen(patient):
    """The patient with a lesion on the last scan."""
    z, y, x = np.indices(patient.grid.shape)
    core = (z - 10) ** 2 + (y - 11) ** 2 + (x - 12) ** 2 < 9
    return replace(patient, visits=tuple(replace(v, regions={"enhancing": core}) for v in patient.visits))


def build(patient, words: str, **keys):
    return study_from({"arms": [{"id": "a", "words": words, **keys}]}).build(patient, 42.0, SCANS)[0]


@pytest.mark.parametrize(
    ("words", "echo"),
    [
        ("as scheduled without temozolomide", "30 Gy in 15 fractions of 2 Gy, weekdays, day 42 to 60"),
        ("as scheduled, omit radiotherapy, delayed by 1 week", "temozolomide 75 mg/m2 x 21, daily, day 49 to 69"),
        ("as scheduled, without temozolomide, radiotherapy escalated by 20 %", "36 Gy in 15 fractions of 2.4 Gy"),
        ("as scheduled but without temozolomide, reduce radiotherapy by 50 %", "15 Gy in 15 fractions of 1 Gy"),
        (
            "20 Gy in 5 fractions, weekdays, from day 50, 2 weeks later",
            "20 Gy in 5 fractions of 4 Gy, weekdays, day 64 to 70",
        ),
        ("short-course-25-5 from day 49", "25 Gy in 5 fractions of 5 Gy, daily, day 49 to 53"),
        ("the regimen short-course-25-5 from day 49, delayed by 7 days", "day 56 to 60"),
        (
            "20 Gy in 5 fractions from day 49; temozolomide 150 mg/m2 daily for 5 days from day 82, "
            "temozolomide before radiotherapy",
            "temozolomide 150 mg/m2 x 5, daily, day 49 to 53; 20 Gy in 5 fractions of 4 Gy, daily, day 84 to 88",
        ),
        (
            "20 Gy in 5 fractions from day 49 to the core with 10 mm margin",
            "daily, day 49 to 53 (synthetic dose: core + 10 mm, halved every 6 mm)",
        ),
        (
            "no treatment, if volume exceeds baseline by 25 % at a scan, "
            "switch to 8 Gy in 1 fraction from 1 week after the scan",
            "(on day 70: 8 Gy in 1 fraction of 8 Gy, day 77)",
        ),
        ("as scheduled; if diameter is above nadir by 20 % at a scan, stop", "(on day 70: no treatment)"),
        ("as scheduled; if core falls below baseline by 65 % at a scan, omit temozolomide", "(on day 70: no treatment)"),
    ],
)
def test_echo(seen, words, echo):
    assert echo in build(seen, words).words


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ("as scheduled without carboplatin", "there is no carboplatin to change"),
        ("as scheduled, delayed by 14 days, delayed by 7 days", "delay days is said twice"),
        ("as scheduled, gently", "gently"),
        ("as scheduled without surgery", "no treatment called 'surgery'"),
        ("the regimen stup from day 49", "Did you mean 'stupp'"),
        ("if volume exceeds baseline by 25 % at a scan, stop", "names no treatment"),
        ("as scheduled, if volume doubles, stop", "is no rule"),
        ("as scheduled, if volume exceeds baseline by 25 % at a scan, pray", "'pray' is not understood"),
        (
            "as scheduled, if volume exceeds baseline by 25 % at a scan, switch to 8 Gy in 1 fraction on day 80",
            "from the scan",
        ),
        ("temozolomide 75 mg/m2 on day 50 to the core with 10 mm margin", "belongs to radiotherapy"),
    ],
)
def test_nothing_is_skipped(seen, words, problem):
    with pytest.raises(DataRefused) as caught:
        build(seen, words)
    assert problem in caught.value.what and caught.value.exit_code == 3


def test_a_synthetic_dose_is_one_in_the_margin_and_halves_beyond(seen):
    built = build(seen, "20 Gy in 5 fractions from day 49 to the core with 6 mm margin falling off by half every 9 mm")
    ((course, _), *_) = built.plan_after.fractions()
    assert course.relative_dose[10, 11, 12] == 1 and course.relative_dose[10, 11, 12 + 4] == 1, "2 voxels of 3 mm beyond"
    assert course.relative_dose[10, 11, 12 + 7] == pytest.approx(0.5)
    assert any("synthetic dose" in note and "not a plan" in note for note in built.notes)


def test_rules_of_a_study_may_stand_apart_from_the_words(seen):
    rule = "if volume exceeds nadir by 40 % at a scan, add temozolomide 75 mg/m2 daily for 5 days from the scan"
    (made,) = build(seen, "20 Gy in 5 fractions from day 98", adapt=[rule]).rules
    assert (made.variable, made.since, made.percent) == ("volume_ml", "nadir", 40.0)
    days = [f.day for _, f in made.plan(98.0).fractions()]
    assert min(days) >= 98 and [d.day for d in made.plan(98.0).drug_doses()] == [98, 99, 100, 101, 102], "what is left stays"
