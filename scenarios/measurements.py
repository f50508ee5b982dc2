"""Measurements that a person made, from a table: the response criteria applied to them."""

from __future__ import annotations

import csv
import datetime
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, get_args, get_type_hints

from scenarios.criteria import Assessment, Criteria, criteria
from twin import RESEARCH_USE_ONLY
from twin.errors import DataRefused
from twin.registry import unknown

SIZE = {"mm": "sum_of_diameters_mm", "mm2": "product_mm2", "mL": "volume_ml"}
"""The column of the size, by the unit of the scheme; the unit is declared in its name, never guessed."""

SECOND = {"mm2": "non_enhancing_mm2", "mL": "non_enhancing_ml"}
FLAGS = ("flair_worse", "beyond_doubt", "only_small_nodes")
WORDS = ("new_lesion", "non_target", "steroids", "clinical")
NUMBERS = {"new_lesions_mm": "new_size", "new_lesions": "new_count"}
NOT_EVALUATED = ("", "ne", "na", "?")
YES_NO = {"yes": True, "no": False, "true": True, "false": False, "1": True, "0": False, "": False}


def assess_table(path: Path, name: str, radiotherapy_end: str | None = None) -> dict[str, Any]:
    """The verdict of the scheme ``name`` on every visit of a CSV file, with the rule and the numbers it was applied to.

    One row a visit: ``day`` or ``date``, the size in the column of the scheme's unit (:data:`SIZE`; empty where it was not
    evaluated), and where they apply the columns of :class:`~scenarios.criteria.Assessment`. ``radiotherapy_end``: day or
    date of the last fraction. UsageError for an unknown scheme, DataRefused for a table that cannot be understood.
    """
    scheme = criteria[name]
    rows, columns = _read(Path(path))
    _check_columns(columns, scheme, path)
    days, origin = _days(rows, columns, path)
    scans = [_scan(row, day, scheme, number) for number, (row, day) in enumerate(zip(rows, days, strict=True), start=2)]
    end = None if radiotherapy_end is None else _moment(radiotherapy_end, origin, "the end of radiotherapy")
    found = scheme.assess(scans, end)
    return {
        "notice": RESEARCH_USE_ONLY,
        "criteria": scheme.label,
        "unit": scheme.unit,
        "citation": scheme.citation,
        "radiotherapy_end": end,
        "visits": [
            {**asdict(v), "from_baseline_percent": v.from_baseline, "from_nadir_percent": v.from_nadir} for v in found
        ],
    }


def known_columns(unit: str) -> list[str]:
    """The columns that a table for a scheme of that unit may have."""
    second = [SECOND[unit]] if unit in SECOND else []
    return ["day", "date", SIZE[unit], *second, *WORDS, *NUMBERS, *FLAGS]


def _read(path: Path) -> tuple[list[dict[str, str]], list[str]]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            table = csv.DictReader(stream)
            rows = [{str(k).strip(): (v or "").strip() for k, v in row.items() if k is not None} for row in table]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataRefused(
            f"{path.name} cannot be read as a table: {error}.", where=str(path), remedy="save it as CSV"
        ) from None
    columns = [str(name).strip() for name in table.fieldnames or ()]
    if not rows:
        raise DataRefused(f"{path.name} holds no visit.", where=str(path), remedy="one row a visit, below a line of names")
    return rows, columns


def _check_columns(columns: Sequence[str], scheme: Criteria, path: Path) -> None:
    known = known_columns(scheme.unit)
    for name in columns:
        if name not in known:
            raise DataRefused(
                unknown("column", name, known),
                where=path.name,
                why=f"{scheme.label} is applied to {SIZE[scheme.unit]}; a column that is not understood might matter",
                remedy=f"known for this scheme: {', '.join(known)}",
            )
    if SIZE[scheme.unit] not in columns or not {"day", "date"} & set(columns):
        raise DataRefused(
            f"{path.name} lacks the column '{SIZE[scheme.unit]}' or a 'day'.",
            where=path.name,
            why=f"{scheme.label} is measured in {scheme.unit}",
            remedy=f"name them so; another scheme may fit your measure: {', '.join(criteria.names())}",
        )


def _days(rows: Sequence[Mapping[str, str]], columns: Sequence[str], path: Path) -> tuple[list[float], datetime.date | None]:
    """Days of the visits and, where they are given as dates, the date of day 0."""
    if "day" in columns:
        return [_number(row["day"], "day", n) for n, row in enumerate(rows, start=2)], None
    dates = [_date(row["date"], n) for n, row in enumerate(rows, start=2)]
    return [float((d - dates[0]).days) for d in dates], dates[0]


def _moment(text: str, origin: datetime.date | None, what: str) -> float:
    if origin is not None and "-" in text:
        return float((_date(text, 0) - origin).days)
    try:
        return float(text)
    except ValueError:
        raise DataRefused(
            f"'{text}' is not {what}.", where=what, remedy="a day, or a date (YYYY-MM-DD) where the table has dates"
        ) from None


def _scan(row: Mapping[str, str], day: float, scheme: Criteria, number: int) -> Assessment:
    facts: dict[str, Any] = {"size": _size(row[SIZE[scheme.unit]], SIZE[scheme.unit], number)}
    second = SECOND.get(scheme.unit, "")
    if second in row:
        facts["second"] = _size(row[second], second, number)
    facts |= {name: _word(row[name], name, number) for name in WORDS if row.get(name)}
    facts |= {field: _number(row[name], name, number) for name, field in NUMBERS.items() if row.get(name)}
    facts |= {name: _choice(row[name].lower(), YES_NO, name, number) for name in FLAGS if name in row}
    if facts.get("new_lesion", "none") != "none":
        facts["new_count"] = max(1, int(facts.get("new_count", 0)))
    return Assessment(day, **facts)


def _size(text: str, column: str, number: int) -> float | None:
    return None if text.lower() in NOT_EVALUATED else _number(text, column, number)


def _number(text: str, column: str, number: int) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not 0 <= value < 1e7:
        raise DataRefused(
            f"Line {number}: '{text}' under {column} is no number of zero or more.",
            where=f"line {number}, {column}",
            remedy="write a plain number with a point; leave the cell empty where nothing was evaluated",
        )
    return value


def _date(text: str, number: int) -> datetime.date:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        raise DataRefused(
            f"'{text}' is no date.", where=f"line {number}" if number else "date", remedy="write it as YYYY-MM-DD"
        ) from None


def _word(text: str, column: str, number: int) -> str:
    known = {word: word for word in get_args(get_type_hints(Assessment)[column])}
    return _choice(text.lower(), known, column, number)


def _choice(text: str, known: Mapping[str, Any], column: str, number: int) -> Any:
    if text not in known:
        raise DataRefused(
            f"Line {number}: {unknown('word', text, list(known))}",
            where=f"line {number}, {column}",
            remedy=f"one of {', '.join(word for word in known if word)}",
        )
    return known[text]
