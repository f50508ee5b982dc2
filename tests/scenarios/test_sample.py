"""Arms sampled over doses and dates."""

from __future__ import annotations

import pytest

from scenarios.study import study_from
from scenarios.written_sample import WrittenSample
from twin.errors import DataRefused

WORDS = "{dose} Gy in {count} fractions, weekdays, from day {start}"
VARY = {
    "dose": {"low": 40, "high": 70, "unit": "Gy"},
    "count": {"values": [10, 20, 30]},
    "start": {"low": 44, "high": 50, "whole": True},
}


def sample(**keys) -> dict:
    return {"id": "dose", "words": WORDS, "vary": VARY, **keys}


@pytest.mark.parametrize(("method", "size"), [("latin-hypercube", 12), ("sobol", 16)])
def test_points_cover_the_ranges_and_stand_beside_the_arms(patient, method, size):
    arms = study_from({"samples": [sample(method=method, size=size)]}).build(patient, 42.0)
    assert len(arms) == size and arms[0].id == "dose-001"
    doses = sorted(a.varied["dose"] for a in arms)
    step = 30 / size
    assert all(abs(dose - (40 + (i + 0.5) * step)) <= 0.51 * step for i, dose in enumerate(doses)), "one in each stratum"
    assert {a.varied["count"] for a in arms} == {10, 20, 30}
    for a in arms:
        total = sum(f.dose_gy for _, f in a.plan_after.fractions())
        assert total == pytest.approx(a.varied["dose"], abs=1e-9) and a.varied["start"] in range(44, 51)
    again = study_from({"samples": [sample(method=method, size=size)]}).build(patient, 42.0)
    assert [a.varied for a in again] == [a.varied for a in arms]
    other = study_from({"samples": [sample(method=method, size=size, seed=1)]}).build(patient, 42.0)
    assert [a.varied for a in other] != [a.varied for a in arms]


def test_a_grid_is_every_combination():
    vary = {"dose": {"low": 40, "high": 60, "steps": 3}, "count": {"values": [20, 30]}, "start": {"values": [44]}}
    points = [values for _, values in WrittenSample(id="g", words=WORDS, vary=vary, method="grid").expand()]
    assert len(points) == 6 and {p["dose"] for p in points} == {40, 50, 60}


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ({"size": 8, "words": "{dose} Gy in 10 fractions from day 44"}, "differ by: count, start"),
        ({"size": 10, "method": "sobol"}, "a power of two of points, such as 8"),
        ({"method": "grid"}, "needs 'steps' or 'values'"),
        ({"method": "grid", "size": 9}, "a grid has no 'size'"),
        ({"size": 8, "vary": {**VARY, "dose": {"low": 70, "high": 40}}}, "a larger 'high'"),
    ],
)
def test_wrong_samples_are_refused(keys, problem):
    with pytest.raises(DataRefused, match=problem):
        study_from({"samples": [sample(**keys)]})
