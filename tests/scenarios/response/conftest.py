"""A shorthand for series of visits, so that a table of cases can be read like one.

"0:100 56:69p 112:?N" is day 0 with size 100, day 56 with 69 and non-target lesions present, day 112 not evaluated with a
new measurable lesion. Letters: N new lesion, n new lesion too small to measure, w / p / g / u non-target worse, present,
gone, not seen, s / S / l steroids more, same, less, c / C clinic worse, better, f more FLAIR change, b beyond doubt, k only
small nodes are left. "/40" adds the second component, "+12" the size of the new lesions (iRECIST), "x2" their number.
A verdict with "*" is confirmed, with "-" not yet. The tables of cases are in cases/*.yaml, each rule with its source.
"""

from __future__ import annotations

import re

import pytest

from scenarios.criteria import Assessment, criteria

LETTERS = {
    "N": {"new_lesion": "measurable"},
    "n": {"new_lesion": "small"},
    "w": {"non_target": "worse"},
    "p": {"non_target": "present"},
    "g": {"non_target": "gone"},
    "u": {"non_target": "not seen"},
    "s": {"steroids": "more"},
    "S": {"steroids": "same"},
    "l": {"steroids": "less"},
    "c": {"clinical": "worse"},
    "C": {"clinical": "better"},
    "f": {"flair_worse": True},
    "b": {"beyond_doubt": True},
    "k": {"only_small_nodes": True},
}
SCAN = re.compile(r"(\d+):(\?|[\d.]+)(?:/([\d.]+))?([a-wyzA-Z]*)(?:\+([\d.]+))?(?:x(\d+))?$")


def read(series: str) -> list[Assessment]:
    found = []
    for word in series.split():
        day, size, second, letters, new_size, new_count = SCAN.match(word).groups()
        facts: dict = {}
        for letter in letters:
            facts |= LETTERS[letter]
        count = int(new_count or 0) or int(facts.get("new_lesion", "none") != "none")
        found.append(
            Assessment(
                float(day),
                None if size == "?" else float(size),
                None if second is None else float(second),
                new_size=float(new_size or 0),
                new_count=count,
                **facts,
            )
        )
    return found


def write(verdict) -> str:
    return verdict.category.replace(" ", "_") + {True: "*", False: "-", None: ""}[verdict.confirmed]


def judge(scheme: str, series: str, end: float | None = None) -> str:
    """The verdicts after the first visit, in shorthand; ``end`` is the day of the last fraction."""
    return " ".join(write(v) for v in criteria[scheme].assess(read(series), end)[1:])


@pytest.fixture
def read_series():
    return read
