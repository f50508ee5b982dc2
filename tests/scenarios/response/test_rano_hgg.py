"""RANO for high-grade glioma, 2010, case by case. Radiotherapy ends on day 0 where it is given."""

from __future__ import annotations

import pytest

CASES = [
    ("100:400 156:400", None, "SD"),
    ("100:400 156:200", None, "PR-"),
    ("100:400 156:201", None, "SD"),
    ("100:400 156:200 184:200", None, "PR- PR*"),
    ("100:400 156:200 183:200", None, "PR- PR-"),
    ("100:400 156:0", None, "CR-"),
    ("100:400 156:0 184:0", None, "CR- CR*"),
    ("100:400 156:100 184:0 212:0", None, "PR- CR- CR*"),
    ("100:400 156:499", None, "SD"),
    ("100:400 156:500", None, "PD"),
    ("100:400 156:200 212:250", None, "PR- PD"),
    ("100:400 156:200 212:249", None, "PR- SD"),
    ("100:400 156:300 212:375", None, "SD PD"),
    ("100:400 156:300 212:374", None, "SD SD"),
    ("100:400 156:0 212:50", None, "CR- PD"),
    # steroids and the clinic
    ("100:400 156:0S", None, "PR-"),
    ("100:400 156:0s", None, "SD"),
    ("100:400 156:200s", None, "SD"),
    ("100:400 156:200S", None, "PR-"),
    ("100:400 156:200l", None, "PR-"),
    ("100:400 156:400s", None, "SD"),
    ("100:400 156:500l", None, "SD"),
    ("100:400 156:500s", None, "PD"),
    ("100:400 156:200c", None, "PD"),
    ("100:400 156:400c", None, "PD"),
    ("100:400 156:200C", None, "PR-"),
    # FLAIR, new lesions, what is not measured
    ("100:400 156:400f", None, "PD"),
    ("100:400 156:200f", None, "PD"),
    ("100:400 156:400fl", None, "SD"),
    ("100:400 156:400N", None, "PD"),
    ("100:400 156:0n", None, "PD"),
    ("100:400 156:?N", None, "PD"),
    ("100:400p 156:0p", None, "PR-"),
    ("100:400p 156:0g", None, "CR-"),
    ("100:400p 156:200w", None, "PD"),
    ("100:400 156:?", None, "NE"),
    ("100:400 156:? 212:200", None, "NE PR-"),
    ("100:400 156:?c", None, "PD"),
    # within twelve weeks of radiotherapy
    ("10:400 84:500", 0.0, "SD"),
    ("10:400 85:500", 0.0, "PD"),
    ("10:400 84:500b", 0.0, "PD"),
    ("10:400 50:400N", 0.0, "SD"),
    ("10:400 50:400Nb", 0.0, "PD"),
    ("10:400 50:400c", 0.0, "SD"),
    ("10:400 50:500 110:510", 0.0, "SD PD"),
    ("10:400 50:500 110:450", 0.0, "SD SD"),
    ("10:400 50:200", 0.0, "PR-"),
    ("10:400 50:0 84:0", 0.0, "CR- CR*"),
    ("10:400 50:500 84:600 120:700", 0.0, "SD SD PD"),
    ("10:400 50:200 84:300", 0.0, "PR- SD"),
]


@pytest.mark.parametrize(("series", "end", "expected"), CASES)
def test_case(verdicts, series, end, expected):
    assert verdicts("rano-hgg", series, end) == expected


def test_there_are_enough_cases():
    assert sum(len(expected.split()) for *_, expected in CASES) >= 60
