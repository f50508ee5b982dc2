"""Whatever stands in a case file, the answer is a patient or a refusal with a remedy: no traceback, no endless work."""

from __future__ import annotations

import copy
import datetime
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.twin.case.folders import CASE, good, save, spoil
from twin.case import load_case
from twin.errors import DataRefused

NONSENSE = (None, -1, 1e9, float("nan"), float("inf"), "x", [], {}, datetime.datetime(2026, 3, 4, 5, 6))

FULL: dict[str, Any] = {
    **CASE,
    "day0": datetime.date(2026, 1, 5),
    "first_weekday": "monday",
    "cellularity": {"adc_water": "2.5e-3 mm2/s", "theta_per_mm3": 1e5},
    "visibility": {"core": 0.8, "whole": None},
    "anatomy": "day0/t1gd.nii.gz",
    "notes": ["a remark"],
    "crop": True,
    "treatments": [
        *CASE["treatments"],
        {"drug": "temozolomide", "amount": ["150 mg/m2"], "days": "1-5", "every_days": 28, "cycles": 2, "from_day": 90},
        {"drug": "doxorubicin", "given": [{"day": 3, "amount": "60 mg/m2"}]},
        {"radiotherapy": "4 Gy", "fractions": [{"day": 1, "gy": 2}, {"date": datetime.date(2026, 2, 3), "gy": 2}]},
    ],
}


def paths(value: Any, place: tuple = ()) -> Iterator[tuple]:
    """The place of every value, whole parts included."""
    yield place
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield from paths(value[key], (*place, key))


def spoilt(place: tuple, value: Any) -> Any:
    content = copy.deepcopy(FULL)
    inner = content
    for key in place[:-1]:
        inner = inner[key]
    if not place:
        return value
    inner[place[-1]] = value
    return content


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return good(tmp_path_factory.mktemp("case"))


@pytest.mark.parametrize("value", NONSENSE, ids=lambda v: type(v).__name__ + str(v)[:5])
def test_nonsense_anywhere_is_loaded_or_refused(folder, value):
    for place in paths(FULL):
        save(folder, yaml.safe_dump(spoilt(place, value), sort_keys=False))
        try:
            load_case(folder)
        except DataRefused as refused:
            assert refused.what and refused.remedy, place


def test_the_unspoilt_case_loads(folder):
    save(folder, FULL)
    assert load_case(folder)


def test_a_day_beyond_a_century_is_refused_before_it_is_filled_with_doses(folder):
    save(folder, CASE)
    spoil(folder, "treatments", 1, value={"drug": "temozolomide", "amount": "75 mg/m2", "from_day": 0, "to_day": 1e9})
    with pytest.raises(DataRefused, match=r"is on day 1e\+09"):
        load_case(folder)
