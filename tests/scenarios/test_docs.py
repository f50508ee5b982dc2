"""The study page shows a study that works, and the page of regimens is what the files say."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml

from scenarios.endpoint import endpoints
from scenarios.reference import regimens_page
from scenarios.study import study_from
from scenarios.tidy import COLUMNS
from scenarios.words_arm import read_arm

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "how-to" / "write-a-study.md").read_text(encoding="utf-8")


def test_the_study_of_the_page_can_be_built(patient):
    study = study_from(yaml.safe_load(re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[1]))
    core = np.zeros(patient.grid.shape, bool)
    core[10, 11, 12] = True
    visits = tuple(replace(v, regions={"enhancing": core}) for v in patient.visits)
    arms = study.build(replace(patient, visits=visits), 42.0)
    assert [a.id for a in arms] == ["none", "planned", "late", "no-drug", "short", "own", "surgery"]
    assert arms[-1].words.startswith("resection with 5 mm margin, day 45; 40 Gy in 15 fractions")


@pytest.mark.parametrize(
    "words", re.findall(r"^- `([^`]+)`", PAGE.split("## In words")[1].split("## From")[0], re.MULTILINE)
)
def test_the_sentences_of_the_page_are_understood(words):
    before = "60 Gy in 30 fractions from day 44; " if "during radiotherapy" in words else ""
    assert words == "no treatment" or read_arm(before + words)


def test_the_page_of_regimens_is_up_to_date():
    assert (DOCS / "reference" / "regimens.md").read_text(encoding="utf-8") == regimens_page(), "run: make docs"


def test_every_endpoint_is_explained():
    text = (DOCS / "explanation" / "scenarios.md").read_text(encoding="utf-8")
    missing = [e.label for _, e in endpoints if not all(word in text for word in e.label.split()[:2])]
    assert not missing


def test_the_sweep_of_the_tutorial_can_be_built(patient):
    page = (DOCS / "tutorials" / "03-sweep-in-ten-lines.md").read_text(encoding="utf-8")
    script = page.split("```python\n")[1].split("```")[0]
    assert len([line for line in script.splitlines() if line]) == 10
    found: dict = {}
    exec(script, found)
    arms = found["study"].build(patient, 42.0)
    assert len(arms) == 9 and arms[-1].varied.keys() == {"dose", "count", "start"}
    told = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", page, re.MULTILINE))
    assert all(words.startswith(told[column]) for column, words in COLUMNS.items())
