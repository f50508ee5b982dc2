"""RECIST 1.1, case by case."""

from __future__ import annotations

import pytest

from scenarios.criteria import criteria
from scenarios.response.recist import Target, sum_of_diameters
from twin.errors import DataRefused

CASES = [
    # thresholds against the baseline
    ("0:100 56:100", "SD"),
    ("0:100 56:71", "SD"),
    ("0:100 56:70", "PR-"),
    ("0:100 56:70.1", "SD"),
    ("0:100 56:50 112:50", "PR- PR*"),
    ("0:100 14:60 35:60", "PR- PR-"),
    ("0:100 14:60 42:60", "PR- PR*"),
    ("0:100 56:0", "CR-"),
    ("0:100 56:0 112:0", "CR- CR*"),
    ("0:100 56:0 70:0 84:0", "CR- CR- CR*"),
    ("0:100 56:60 112:0", "PR- CR-"),
    ("0:100 56:60 112:0 168:0", "PR- CR- CR*"),
    # progression is measured from the smallest sum, and needs 5 mm
    ("0:100 56:119", "SD"),
    ("0:100 56:120", "PD"),
    ("0:100 56:80 112:96", "SD PD"),
    ("0:100 56:80 112:95", "SD SD"),
    ("0:100 56:50 112:60", "PR- PD"),
    ("0:100 56:50 112:59", "PR- PR*"),
    ("0:20 56:24", "SD"),
    ("0:20 56:25", "PD"),
    ("0:22 56:26.9", "SD"),
    ("0:100 56:20 112:24 168:25", "PR- PR* PD"),
    ("0:100 56:110 112:121", "SD PD"),
    ("0:100 56:130 112:60", "PD PR-"),
    # a response stands until progression
    ("0:100 56:70 112:70 168:80", "PR- PR* PR*"),
    ("0:100 56:70 112:83", "PR- PR*"),
    ("0:100 56:70 112:84", "PR- PD"),
    # disease that comes back after it was gone
    ("0:100 56:0 112:10", "CR- PD"),
    ("0:100 56:0 112:4", "CR- PR*"),
    # nodes
    ("0:40 56:9k", "CR-"),
    ("0:40 56:9k 112:9k", "CR- CR*"),
    ("0:40 56:9kp", "PR-"),
    ("0:40 56:12", "PR-"),
    # non-target lesions
    ("0:100p 56:0p", "PR-"),
    ("0:100p 56:0g", "CR-"),
    ("0:100p 56:0u", "PR-"),
    ("0:100p 56:60p", "PR-"),
    ("0:100p 56:60u", "PR-"),
    ("0:100p 56:90p", "SD"),
    ("0:100p 56:60w", "PD"),
    ("0:100p 56:0w", "PD"),
    ("0:100p 56:?w", "PD"),
    ("0:100p 56:?p", "NE"),
    # new lesions
    ("0:100 56:60N", "PD"),
    ("0:100 56:0N", "PD"),
    ("0:100 56:100n", "PD"),
    ("0:100 56:?N", "PD"),
    ("0:100 56:60 112:60N", "PR- PD"),
    # not evaluated
    ("0:100 56:?", "NE"),
    ("0:100 56:? 112:70", "NE PR-"),
    ("0:100 56:60 112:? 168:60", "PR- NE PR-"),
    ("0:100 56:50 112:? 168:60", "PR- NE PD"),
    ("0:100 56:? 112:120", "NE PD"),
    # long courses
    ("0:100 56:90 112:80 168:72 224:70 280:84", "SD SD SD PR- PD"),
    ("0:30 42:28 84:26 126:31 168:32", "SD SD SD PD"),
    ("0:60 30:55 60:40 90:38 120:37 150:45", "SD PR- PR* PR* PD"),
]


@pytest.mark.parametrize(("series", "expected"), CASES)
def test_case(verdicts, series, expected):
    assert verdicts("recist-1.1", series) == expected


def test_there_are_enough_cases():
    assert sum(len(expected.split()) for _, expected in CASES) >= 60


def test_the_rule_and_its_numbers(read_series):
    last = criteria["recist-1.1"].assess(read_series("0:100 56:50 112:60"))[-1]
    assert last.rule == "20 % or more and 5 mm or more above the smallest sum so far"
    assert (last.size, last.baseline, last.nadir) == (60, 100, 50)
    assert (last.from_baseline, last.from_nadir) == (pytest.approx(-40), pytest.approx(20))


def test_targets():
    lesions = [Target("a", "liver", 30), Target("b", "liver", 20), Target("n", "node", 40, 18, node=True)]
    assert sum_of_diameters(lesions) == 68
    for wrong, words in (
        ([*lesions, Target("c", "liver", 12)], "more than two targets in the liver"),
        ([Target("d", "lung", 9)], "'d' measures 9 mm"),
        ([Target("n", "node", 40, 14, node=True)], "'n' measures 14 mm"),
        ([Target(str(i), str(i), 20) for i in range(6)], "6 target lesions"),
    ):
        with pytest.raises(DataRefused, match=words):
            sum_of_diameters(wrong)
    assert sum_of_diameters([Target("a", "liver", 4)], baseline=False) == 4


@pytest.mark.parametrize("scheme", criteria.names())
def test_visits_out_of_order_are_refused(scheme, read_series):
    with pytest.raises(DataRefused, match="in order"):
        criteria[scheme].assess(read_series("10:100 5:90"))
    with pytest.raises(DataRefused, match="in order"):
        criteria[scheme].assess([])


@pytest.mark.parametrize("scheme", ["recist-1.1", "irecist", "rano-hgg"])
def test_no_disease_at_baseline_is_refused(scheme, read_series):
    with pytest.raises(DataRefused, match="no measurable disease on the first scan"):
        criteria[scheme].assess(read_series("0:0 56:10"))
