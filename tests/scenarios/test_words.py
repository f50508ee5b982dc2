"""Arms in words, echoed as a typed schedule."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from scenarios.schedule import in_words
from scenarios.study import study_from
from scenarios.words import read_words
from scenarios.written import build_plan
from scenarios.written_resection import widened
from twin.errors import DataRefused
from twin.grid import Grid

ECHO = [
    ("60 Gy in 30 fractions, weekdays, from day 21", "60 Gy in 30 fractions of 2 Gy, weekdays, day 21 to 60"),
    ("60 Gy in 30 fractions of 2 Gy from day 21", "60 Gy in 30 fractions of 2 Gy, weekdays, day 21 to 60"),
    ("54 Gy in 3 fractions every 2 days starting on day 50", "54 Gy in 3 fractions of 18 Gy, every 2 days, day 50 to 54"),
    ("10 gy in 5 fractions daily from day 44", "10 Gy in 5 fractions of 2 Gy, daily, day 44 to 48"),
    ("24 Gy in 1 fraction on day 49", "24 Gy in 1 fraction of 24 Gy, day 49"),
    (
        "temozolomide 200 mg/m2 days 1-5 every 28 days x 2 from day 49",
        "temozolomide 200 mg/m2 x 10, days 1-5 every 28 days, day 49 to 81",
    ),
    ("Temozolomide 75 mg/m2 daily for 21 days from day 49.", "temozolomide 75 mg/m2 x 21, daily, day 49 to 69"),
    ("paclitaxel 80 mg/m2 weekly x 12 from day 50", "paclitaxel 80 mg/m2 x 12, every 7 days, day 50 to 127"),
    ("carboplatin AUC 5 every 3 weeks for 4 cycles from day 50", "carboplatin AUC 5 x 4, every 21 days, day 50 to 113"),
    ("doxorubicin 60 mg/m2 once on day 50", "doxorubicin 60 mg/m2, day 50"),
    (
        "doxorubicin 60 mg/m2 and cyclophosphamide 600 mg/m2 every 14 days x 4 from day 50, "
        "then paclitaxel 175 mg/m2 every 14 days x 4",
        "cyclophosphamide 600 mg/m2 x 4, every 14 days, day 50 to 92; "
        "doxorubicin 60 mg/m2 x 4, every 14 days, day 50 to 92; "
        "paclitaxel 175 mg/m2 x 4, every 14 days, day 106 to 148",
    ),
    (
        "60 Gy in 30 fractions from day 21; temozolomide 75 mg/m2 daily during radiotherapy, "
        "then 150 mg/m2 days 1-5 every 28 days x 6",
        "60 Gy in 30 fractions of 2 Gy, weekdays, day 21 to 60; temozolomide 75 mg/m2 x 40, daily, day 21 to 60; "
        "temozolomide 150 mg/m2 x 30, days 1-5 every 28 days, day 88 to 232",
    ),
    (
        "30 Gy in 10 fractions from day 42 with temozolomide 75 mg/m2 daily during radiotherapy, "
        "then 150 mg/m2 days 1-5 every 28 days x 1 from 2 weeks after radiotherapy, "
        "then 200 mg/m2 days 1-5 every 28 days x 2",
        "30 Gy in 10 fractions of 3 Gy, weekdays, day 42 to 53; temozolomide 75 mg/m2 x 12, daily, day 42 to 53; "
        "temozolomide 150 mg/m2 x 5, daily, day 67 to 71; "
        "temozolomide 200 mg/m2 x 10, days 1-5 every 28 days, day 95 to 127",
    ),
    ("no treatment", "no treatment"),
]


@pytest.mark.parametrize(("words", "echo"), ECHO)
def test_echo(words, echo):
    assert in_words(build_plan(read_words(words), 0.0, 0)) == echo


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ("60 in 30 fractions from day 21", "the dose 60 has no unit; write '60 Gy'"),
        ("60 Gy in 30 fractions of 3 Gy from day 21", "30 fractions of 3 Gy are not 60 Gy"),
        ("temozolomide 75 from day 50", "has no unit"),
        ("temozolomide 75 Gy from day 50", "given in mg/m2, not in Gy"),
        ("temozolamide 75 mg/m2 on day 50", "Did you mean 'temozolomide'"),
        ("temozolomide 75 mg/m2 once", "does not say when temozolomide starts"),
        ("temozolomide 75 mg/m2 daily from day 50", "does not say for how many days"),
        ("60 Gy in 30 fractions", "does not say when radiotherapy starts"),
        ("60 Gy in 30 fractions x 2 from day 44", "'cycles' does not fit radiotherapy"),
        ("60 Gy in 30 fractions daily weekdays from day 44", "contradict each other"),
        ("temozolomide 75 mg/m2 days 1-5 for 21 days from day 44", "contradict each other"),
        ("temozolomide 75 mg/m2 weekdays for 21 days from day 44", "'weekdays' does not fit a drug"),
        (" ; ", "names no treatment"),
        ("temozolomide 75 mg/m2 on day 50 under the moon", "is not understood"),
        ("60 Gy in 30 fractions from day 21 or so", "is not understood"),
        ("some chemotherapy on day 50", "is not understood"),
        ("temozolomide 200 mg/m2 days 1-5 x 6 from day 50", "need 'every_days'"),
        ("resection with 5 cm margin on day 45", "is not understood"),
        ("resection with 90 mm margin on day 45", "less than or equal to 50"),
        ("resection", "when it is done"),
    ],
)
def test_what_is_not_understood_is_refused(words, problem):
    with pytest.raises(DataRefused) as caught:
        read_words(words)
    assert problem in caught.value.what


def study_of(words: str):
    return study_from({"arms": [{"id": "a", "words": words}]})


def test_words_in_a_study(patient):
    built = study_of("34 Gy in 10 fractions, weekdays, from day 49").build(patient, 42.0)[0]
    assert built.words == "34 Gy in 10 fractions of 3.4 Gy, weekdays, day 49 to 60"


def test_resection_of_the_last_segmentation(patient):
    core = np.zeros(patient.grid.shape, bool)
    core[10, 11, 12] = True
    visits = tuple(replace(v, regions={"enhancing": core}) if v.day == 42 else v for v in patient.visits)
    seen = replace(patient, visits=visits)
    built = study_of("resection with 3 mm margin on day 45").build(seen, 42.0)[0]
    (cut,) = built.plan_after.resections()
    assert (cut.day, cut.margin_mm, int(cut.cavity.sum())) == (45, 3, 7)
    assert built.words == "resection with 3 mm margin, day 45"
    empty = {"enhancing": np.zeros_like(core), "oedema": core}
    visits = tuple(replace(v, regions=empty) if v.day == 42 else v for v in patient.visits)
    (other,) = study_of("resection on day 45").build(replace(patient, visits=visits), 42.0)[0].plan_after.resections()
    assert other.cavity.sum() == 1, "where no core is left, the whole lesion is the target"
    with pytest.raises(DataRefused, match="no segmentation to resect"):
        study_of("resection on day 45").build(patient, 42.0)


def test_margin_in_millimetres_not_voxels():
    mask = np.zeros((9, 9, 9), bool)
    mask[4, 4, 4] = True
    grown = widened(mask, 4.0, Grid((9, 9, 9), (5.0, 1.0, 2.0)))
    assert grown[4, 0, 4] and grown[4, 4, 2] and not grown[3, 4, 4] and not grown[4, 4, 1]
