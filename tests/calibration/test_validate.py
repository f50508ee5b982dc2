"""The runner of validation studies, on a study whose cases cost nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from calibration.study import Check, Page, Study, studies
from calibration.validate import validate
from twin.errors import DataRefused, UsageError
from twin.hold import held


class Squares(Study):
    title = "Squares"
    size = 4
    measured: list[str] = []  # noqa: RUF012

    def cases(self, size, seed, data):
        return [f"{seed}-{k}" for k in range(size)]

    def measure(self, key, data):
        self.measured.append(key)
        number = int(key.split("-")[1])
        if number == 3:
            raise DataRefused("Three is refused.")
        return {"square": number**2}

    def page(self, rows):
        good = [row["square"] for row in rows if "square" in row]
        return Page((Check("largest square", max(good), 0, 3), Check("failed", len(rows) - len(good))), "The text.")


@pytest.fixture
def squares(monkeypatch):
    monkeypatch.setitem(studies._items, "squares", Squares)
    monkeypatch.setattr(Squares, "measured", [])
    return Squares


def test_the_page_tells_what_was_missed_and_a_failed_case_is_a_row(squares, tmp_path):
    page = validate("squares", tmp_path)
    assert not page.met
    text = (tmp_path / "squares.md").read_text()
    assert "| largest square | 4 |  | 0 to 3 | **no** |" in text and "| failed | 1 |  |  |  |" in text
    assert "4 cases, seed 0" in text and "The text." in text and "Research use only" in text


def test_a_study_goes_on_where_it_was_and_grows(squares, tmp_path):
    validate("squares", tmp_path, size=2)
    store = tmp_path / "squares.jsonl"
    with store.open("a") as stream:
        stream.write('{"case": "0-2", "squ')  # torn by a dying process
    validate("squares", tmp_path, size=3)
    assert squares.measured == ["0-0", "0-1", "0-2"]
    assert len(store.read_text().splitlines()) == 3


def test_a_study_whose_data_are_missing_names_them(squares, monkeypatch, tmp_path):
    monkeypatch.setattr(Squares, "data", "numbers")
    with pytest.raises(UsageError, match="needs the data folder 'numbers'"):
        validate("squares", tmp_path, data=Path("nowhere"))


def test_two_runs_of_one_store_are_refused(squares, tmp_path):
    tmp_path.joinpath("squares.jsonl").touch()
    with held(tmp_path / "squares.jsonl", "it", ""), pytest.raises(DataRefused, match="using this study's store"):
        validate("squares", tmp_path)
