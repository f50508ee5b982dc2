"""A table of measurements in, verdicts with rule and numbers out; what is not understood is refused."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path

import pytest

from scenarios.measurements import assess_table, known_columns
from twin.errors import DataRefused, UsageError

GLIOMA = """date,volume_ml,steroids,new_lesion,clinical
2026-01-05,31.0,same,,
2026-04-20,20.0,same,,stable
2026-06-15,28.5,same,,stable
2026-07-20,29.0,same,none,stable
2026-09-14,,less,measurable,worse
"""


@pytest.fixture
def table(tmp_path):
    def write(text: str):
        path = tmp_path / "visits.csv"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_a_course_of_glioblastoma(table):
    found = assess_table(table(GLIOMA), "rano-2.0-volume", "2026-03-27")
    visits = found["visits"]
    assert [v["category"] for v in visits] == ["before baseline", "baseline", "PD preliminary", "PD", "PD"]
    assert found["radiotherapy_end"] == 81 and visits[3]["since"] == 161 and visits[3]["confirmed"]
    assert visits[3]["from_nadir_percent"] == pytest.approx(45) and visits[2]["rule"].startswith("volume 40 % or more")
    assert visits[4]["size"] is None and visits[4]["rule"] == "a new measurable lesion"
    assert found["notice"] and "Wen" in found["citation"]


def test_the_page_shows_what_happens(table):
    page = (Path(__file__).resolve().parents[2] / "docs/how-to/assess-measurements.md").read_text(encoding="utf-8")
    visits = assess_table(table(re.search(r"```csv\n(.*?)```", page, re.DOTALL)[1]), "rano-2.0-volume", "2026-03-27")[
        "visits"
    ]
    assert [v["category"] for v in visits] == ["before baseline", "baseline", "PD preliminary", "PD"]
    told = io.StringIO()
    with contextlib.redirect_stdout(told):
        exec(re.search(r"```python\n(.*?)```", page, re.DOTALL)[1], {})
    assert told.getvalue().splitlines()[-1].startswith("112 PD 20 % or more")


def test_days_and_flags(table):
    text = (
        "day,product_mm2,flair_worse,beyond_doubt,non_target\n0,400,no,,present\n50,500,no,yes,present\n90,?,yes,no,worse\n"
    )
    visits = assess_table(table(text), "rano-hgg", "0")["visits"]
    assert [v["category"] for v in visits] == ["baseline", "PD", "PD"]


def test_new_lesions_of_irecist(table):
    text = "day,sum_of_diameters_mm,new_lesion,new_lesions,new_lesions_mm\n0,100,,,\n56,100,measurable,1,12\n98,100,,1,17\n"
    assert [v["category"] for v in assess_table(table(text), "irecist")["visits"]] == ["baseline", "iUPD", "iCPD"]


@pytest.mark.parametrize(
    ("text", "scheme", "words"),
    [
        ("day,size\n0,10\n", "recist-1.1", "no column called 'size'|'size'"),
        ("day,volume_ml\n0,10\n", "recist-1.1", "'volume_ml'"),
        ("sum_of_diameters_mm\n10\n", "recist-1.1", "or a 'day'"),
        ("day,volume_ml\n", "rano-2.0-volume", "holds no visit"),
        ("day,volume_ml\n0,ten\n", "rano-2.0-volume", "Line 2: 'ten' under volume_ml"),
        ("day,volume_ml\n0,-3\n", "rano-2.0-volume", "'-3' under volume_ml"),
        ("day,volume_ml\n0,3\n0,4\n", "rano-2.0-volume", "in order"),
        ("date,volume_ml\n5.1.2026,3\n", "rano-2.0-volume", "is no date"),
        ("day,volume_ml,steroids\n0,3,lots\n", "rano-2.0-volume", "Line 2.*'lots'"),
        ("day,volume_ml,flair_worse\n0,3,perhaps\n", "rano-2.0-volume", "Line 2.*'perhaps'"),
    ],
)
def test_refusals(table, text, scheme, words):
    with pytest.raises(DataRefused, match=words) as caught:
        assess_table(table(text), scheme)
    assert caught.value.remedy and caught.value.exit_code == 3


def test_an_unknown_scheme_and_a_missing_file(table, tmp_path):
    with pytest.raises(UsageError, match="rano-2"):
        assess_table(table(GLIOMA), "rano-2.0-volum")
    with pytest.raises(DataRefused, match="cannot be read"):
        assess_table(tmp_path / "none.csv", "recist-1.1")
    with pytest.raises(DataRefused, match="not the end of radiotherapy"):
        assess_table(table(GLIOMA), "rano-2.0-volume", "in March")
    assert "non_enhancing_ml" in known_columns("mL") and "non_enhancing_ml" not in known_columns("mm")
