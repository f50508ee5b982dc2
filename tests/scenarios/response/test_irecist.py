"""iRECIST, case by case: unconfirmed, confirmed, and the bar that is reset."""

from __future__ import annotations

import pytest

CASES = [
    # as RECIST 1.1 while nothing progresses
    ("0:100 56:100", "iSD"),
    ("0:100 56:70", "iPR"),
    ("0:100 56:71", "iSD"),
    ("0:100 56:0", "iCR"),
    ("0:100p 56:0p", "iPR"),
    ("0:100p 56:0g", "iCR"),
    ("0:100 56:?", "NE"),
    ("0:40 56:9k", "iCR"),
    ("0:100 56:60 112:50", "iPR iPR"),
    # confirmed by the targets
    ("0:100 56:120", "iUPD-"),
    ("0:100 56:119", "iSD"),
    ("0:100 56:120 98:125", "iUPD- iCPD*"),
    ("0:100 56:120 98:124", "iUPD- iUPD-"),
    ("0:100 56:120 98:124 140:125", "iUPD- iUPD- iCPD*"),
    ("0:100 56:120 98:120", "iUPD- iUPD-"),
    ("0:100 56:120 70:130", "iUPD- iUPD-"),
    ("0:100 56:120 70:130 98:131", "iUPD- iUPD- iCPD*"),
    ("0:100 56:130 84:135", "iUPD- iCPD*"),
    ("0:100 56:130 83:135", "iUPD- iUPD-"),
    # the bar is reset
    ("0:100 56:120 98:110", "iUPD- iSD"),
    ("0:100 56:120 98:70", "iUPD- iPR"),
    ("0:100 56:120 98:0", "iUPD- iCR"),
    ("0:100 56:120 98:60 154:72", "iUPD- iPR iUPD-"),
    ("0:100 56:120 98:60 154:72 210:80", "iUPD- iPR iUPD- iCPD*"),
    ("0:100 56:120 98:110 154:112", "iUPD- iSD iSD"),
    ("0:100 56:120 98:110 154:121", "iUPD- iSD iUPD-"),
    ("0:100 56:50 112:60 154:55 210:60 260:66", "iPR iUPD- iPR iUPD- iCPD*"),
    # still progression, but smaller
    ("0:100 56:140 98:125", "iUPD- iUPD-"),
    # new lesions
    ("0:100 56:100N", "iUPD-"),
    ("0:100 56:100N+12x1 98:100+12x1", "iUPD- iUPD-"),
    ("0:100 56:100N+12x1 98:100+17x1", "iUPD- iCPD*"),
    ("0:100 56:100N+12x1 98:100+16x1", "iUPD- iUPD-"),
    ("0:100 56:100N+12x1 98:100N+12x2", "iUPD- iCPD*"),
    ("0:100 56:100N+12x1 98:60+12x1", "iUPD- iPR"),
    ("0:100 56:100N+12x1 98:0+12x1", "iUPD- iPR"),
    ("0:100 56:100N+12x1 98:60+12x1 154:60N+12x2", "iUPD- iPR iUPD-"),
    ("0:100 56:60N+12x1 98:60+12x1", "iUPD- iUPD-"),
    ("0:100 56:120 98:120N+10x1", "iUPD- iCPD*"),
    # non-target lesions
    ("0:100p 56:100w", "iUPD-"),
    ("0:100p 56:100w 98:100p", "iUPD- iUPD-"),
    ("0:100p 56:100w 98:100w", "iUPD- iCPD*"),
    ("0:100p 56:120p 98:120w", "iUPD- iCPD*"),
    # confirmed stays confirmed
    ("0:100 56:120 98:130 154:60", "iUPD- iCPD* iCPD*"),
    # not evaluated in between
    ("0:100 56:120 98:? 140:130", "iUPD- NE iCPD*"),
    ("0:100 56:120 98:? 140:110", "iUPD- NE iSD"),
]


@pytest.mark.parametrize(("series", "expected"), CASES)
def test_case(verdicts, series, expected):
    assert verdicts("irecist", series) == expected


def test_there_are_enough_cases():
    assert sum(len(expected.split()) for _, expected in CASES) >= 60
