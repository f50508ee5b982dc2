"""What written treatments mean on the calendar."""

from __future__ import annotations

import datetime

import numpy as np
import pytest

from tests.twin.case.folders import CASE, GRID, brain, good, save, segmentation, spoil
from twin.case import load_case
from twin.case.written import Calendar, days_between
from twin.imaging.write import write_image
from twin.treatment import Radiotherapy


@pytest.fixture
def folder(tmp_path):
    return good(tmp_path)


def plan(folder, *treatments, **top):
    save(folder, {**CASE, "treatments": list(treatments), **top})
    return load_case(folder).treatments


def days(plan_, drug=None) -> list[float]:
    return [d.day for d in plan_.drug_doses(drug)]


def test_stupp_is_as_long_as_it_should_be(folder):
    found = plan(
        folder,
        {"radiotherapy": "60 Gy", "fractions": 30, "from_day": 21},
        {"drug": "temozolomide", "amount": "75 mg/m2", "days": "during radiotherapy"},
        {
            "drug": "temozolomide",
            "amount": ["150 mg/m2", "200 mg/m2"],
            "days": "1-5",
            "every_days": 28,
            "cycles": 6,
            "from_day": 90,
        },
    )
    fractions = [f for _, f in found.fractions()]
    assert len(fractions) == 30 and sum(f.dose_gy for f in fractions) == pytest.approx(60)
    assert (fractions[0].day, fractions[-1].day) == (21, 60)
    daily = [d for d in found.drug_doses() if d.amount == 75]
    assert [d.day for d in daily] == list(range(21, 61))
    cycles = [d for d in found.drug_doses() if d.amount > 75]
    assert [d.day for d in cycles[:6]] == [90, 91, 92, 93, 94, 118]
    assert [d.amount for d in cycles] == [150] * 5 + [200] * 25


def test_fractions_fall_on_weekdays_of_the_real_calendar(folder):
    found = plan(folder, {"radiotherapy": "20 Gy", "fractions": 10, "from_day": 3}, day0="2026-01-07")
    dates = [datetime.date(2026, 1, 7) + datetime.timedelta(days=f.day) for _, f in found.fractions()]
    assert all(d.weekday() < 5 for d in dates)
    assert dates[0] == datetime.date(2026, 1, 12)


def test_dates_and_days_are_the_same_thing(folder):
    by_day = plan(folder, {"radiotherapy": "20 Gy", "fractions": 5, "from_day": 35}, day0="2026-01-05")
    by_date = plan(folder, {"radiotherapy": "20 Gy", "fractions": 5, "from_date": "2026-02-09"}, day0="2026-01-05")
    assert by_day == by_date


def test_visits_by_date_give_days_and_weekday(folder):
    visits = [{**v, "date": d} for v, d in zip(CASE["visits"], ("2026-01-07", "2026-02-06"), strict=True)]
    for visit in visits:
        visit.pop("day")
    save(folder, {**CASE, "visits": visits})
    patient = load_case(folder)
    assert [v.day for v in patient.visits] == [0, 30]
    assert [v.date for v in patient.visits] == [datetime.date(2026, 1, 7), datetime.date(2026, 2, 6)]
    assert patient.first_weekday == 2


def test_the_first_weekday_may_be_stated(folder):
    found = plan(folder, {"radiotherapy": "4 Gy", "fractions": 2, "from_day": 0}, first_weekday="friday")
    assert [f.day for _, f in found.fractions()] == [0, 3]


def test_other_rhythms(folder):
    found = plan(
        folder,
        {"radiotherapy": "40 Gy", "fractions": 5, "from_day": 10, "every_days": 2},
        {"drug": "doxorubicin", "amount": "60 mg/m2", "on_days": [8, 29.5]},
        {"drug": "cyclophosphamide", "amount": "600 mg/m2", "from_day": 1, "to_day": 4},
    )
    assert [f.day for _, f in found.fractions()] == [10, 12, 14, 16, 18]
    assert days(found, "doxorubicin") == [8, 29.5]
    assert days(found, "cyclophosphamide") == [1, 2, 3, 4]


def test_two_fractions_on_one_day_stay_two(folder):
    given = [{"day": 35.0, "gy": 1.5}, {"day": 35.25, "gy": 1.5}]
    found = plan(folder, {"radiotherapy": "3 Gy", "fractions": given})
    assert [(f.day, f.dose_gy) for _, f in found.fractions()] == [(35.0, 1.5), (35.25, 1.5)]


def test_a_drug_without_a_model_is_listed_not_computed(folder):
    save(folder, {**CASE, "treatments": [{"drug": "pembrolizumab", "amount": "200 mg", "on_days": [3], "modelled": False}]})
    patient = load_case(folder)
    assert not patient.treatments.courses
    assert "pembrolizumab: given, but no effect is computed." in patient.notes


def test_a_dose_map_in_gray_becomes_relative(folder):
    write_image(folder / "dose.nii.gz", (30.0 * brain()).astype(np.float32), GRID)
    beam = {"radiotherapy": "60 Gy", "fractions": 30, "from_day": 35, "dose_map": {"file": "dose.nii.gz", "unit": "Gy"}}
    (course,) = plan(folder, beam).courses
    assert isinstance(course, Radiotherapy) and course.relative_dose is not None
    assert float(course.relative_dose.max()) == pytest.approx(0.5)


def test_a_resection_is_where_its_mask_is(folder):
    write_image(folder / "cavity.nii.gz", (segmentation(3) > 0).astype(np.uint8), GRID)
    spoil(folder, "treatments", value=[{"resection": "cavity.nii.gz", "on_day": 12, "margin_mm": 2}])
    patient = load_case(folder)
    (surgery,) = patient.treatments.resections()
    assert (surgery.day, surgery.margin_mm) == (12, 2)
    np.testing.assert_array_equal(surgery.cavity, patient.visits[0].whole)


def test_clock_times_are_kept():
    morning, evening = datetime.datetime(2026, 1, 5, 9, 0), datetime.datetime(2026, 1, 6, 21, 0)
    assert days_between(morning, evening) == 1.5
    assert days_between(morning, datetime.date(2026, 1, 6)) == 1.0
    assert days_between(datetime.date(2026, 1, 5), evening) == 1.875


def test_a_calendar_of_a_regimen_starts_on_its_own_day():
    assert Calendar(origin_day=42).day(3, None) == 45
    assert Calendar(first_weekday=4).weekday(3.5) == 0
