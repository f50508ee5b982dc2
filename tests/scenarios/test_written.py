"""Courses as written: units, cycles, calendars, and what is refused."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter

from scenarios.schedule import in_words, rows
from scenarios.written import WrittenCourse, build_plan
from twin.errors import DataRefused
from twin.quantity import Quantity, cycle_days, quantity
from twin.treatment import Plan, chemotherapy, radiotherapy

READ = TypeAdapter(WrittenCourse)


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [("60 Gy", 60, "Gy"), ("40.05Gy", 40.05, "Gy"), ("75 mg/m2", 75, "mg/m2"), ("AUC 5", 5, "AUC"), ("200 mg", 200, "mg")],
)
def test_quantity(text, value, unit):
    assert quantity(text) == Quantity(value, unit)
    assert quantity(str(quantity(text))) == quantity(text)


@pytest.mark.parametrize(
    ("course", "words"),
    [
        ({"radiotherapy": 60, "fractions": 30}, "has no unit"),
        ({"radiotherapy": "60 mg/m2", "fractions": 30}, "given in Gy, not in mg/m2"),
        ({"radiotherapy": "60 cGy", "fractions": 30}, "unit 'cGy'"),
        ({"radiotherapy": "-60 Gy", "fractions": 30}, "not a dose"),
        ({"radiotherapy": "0 Gy", "fractions": 30}, "is no dose"),
        ({"radiotherapy": "60 Gy", "fractions": 0}, "greater than or equal to 1"),
        ({"drug": "temozolamide", "amount": "75 mg/m2"}, "Did you mean 'temozolomide'"),
        ({"drug": "temozolomide", "amount": "75 Gy"}, "given in mg/m2, not in Gy"),
        ({"drug": "temozolomide", "amount": 75}, "has no unit"),
        ({"drug": "temozolomide", "amount": "75 mg/m2", "cycles": 6}, "need 'every_days'"),
        ({"drug": "temozolomide", "amount": "75 mg/m2", "days": "5-1"}, "is no day of a cycle"),
        ({"drug": "temozolomide", "amount": "75 mg/m2", "dose": "75 mg"}, "not permitted"),
    ],
)
def test_wrong_courses_are_refused_in_words(course, words):
    with pytest.raises(ValueError, match=words):
        READ.validate_python(course)


def test_cycle_days():
    assert cycle_days("1-5") == (1, 2, 3, 4, 5)
    assert cycle_days("1, 8, 15") == cycle_days([1, 8, 15]) == (1, 8, 15)


def test_cycles_start_after_radiotherapy_and_amounts_go_on():
    courses = [
        READ.validate_python({"radiotherapy": "30 Gy", "fractions": 15, "from_day": 3}),
        READ.validate_python(
            {
                "drug": "temozolomide",
                "amount": ["150 mg/m2", "200 mg/m2"],
                "days": "1-2",
                "every_days": 28,
                "cycles": 3,
                "after_radiotherapy_days": 28,
            }
        ),
    ]
    doses = build_plan(courses, 1.0, first_weekday=3).drug_doses()  # day 4 is a Monday, day 22 the last fraction
    assert [(d.day, d.amount) for d in doses] == [(50, 150), (51, 150), (78, 200), (79, 200), (106, 200), (107, 200)]


def test_timed_by_radiotherapy_that_is_not_there():
    course = READ.validate_python({"drug": "temozolomide", "amount": "75 mg/m2", "days": "during radiotherapy"})
    with pytest.raises(DataRefused, match="there is no radiotherapy beside it"):
        build_plan([course], 0.0, 0)


def test_echo_in_words(patient):
    assert in_words(Plan()) == "no treatment"
    words = in_words(patient.treatments)
    assert "60 Gy in 30 fractions of 2 Gy, weekdays, day 21 to 60" in words
    assert "temozolomide 75 mg/m2 x 42, daily, day 21 to 62" in words
    assert "temozolomide 200 mg/m2 x 10, days 1-5 every 28 days, day 119 to 151" in words


def test_echo_adds_up(patient):
    found = rows(patient.treatments)
    assert sum(r.count * r.amount for r in found if r.unit == "Gy") == pytest.approx(60)
    assert sum(r.count for r in found if r.unit == "mg/m2") == len(patient.treatments.drug_doses())


def test_an_irregular_course_claims_no_rhythm():
    days = Plan((radiotherapy(0, 20, 10),)).fractions()
    assert rows(Plan((radiotherapy(2, 20, 10, 2),)))[0].rhythm == "weekdays"
    assert len(days) == 10


def test_a_long_break_starts_another_row():
    words = in_words(Plan((chemotherapy("temozolomide", 75, [*range(42, 63), *range(91, 112)]),)))
    assert words == "temozolomide 75 mg/m2 x 21, daily, day 42 to 62; temozolomide 75 mg/m2 x 21, daily, day 91 to 111"
    six_weekly = in_words(Plan((chemotherapy("doxorubicin", 60, [0, 42, 84]),)))
    assert six_weekly == "doxorubicin 60 mg/m2 x 3, every 42 days, day 0 to 84"
