"""The report as an editable presentation: native tables and charts, the same numbers and words as the page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from twin import RESEARCH_USE_ONLY
from twin.errors import OncotwinError
from twin.report import facts, tables
from twin.report.chances import chance_table
from twin.report.charts import courses_of
from twin.report.response import response_table
from twin.report.results import Results, read_results
from twin.report.rethink import rethink
from twin.report.sheet import Sheet
from twin.report.verdicts import MANY
from twin.store import replacing
from twin.visual.fan import Course

MOST_SENTENCES = 2
"""Sentences of the conclusion on the first slide; the others stand on the last."""


def write_slides(folder: Path, out: Path | None = None) -> Path:
    """``slides.pptx`` in ``out`` (default: the RESULTS folder itself).

    First slide: the conclusion, the options as a table and the medians over time as a chart, enough on its own. Then the
    pictures that a report left in ``pictures``, the chances and the response categories, what would change our mind, and
    limits. Raises OncotwinError where python-pptx is not installed.
    """
    presentation = _blank()
    results, path = read_results(folder), (out or folder) / "slides.pptx"
    _summary(presentation, results)
    _pictures(presentation, results, (out or folder) / "pictures")
    _chances(presentation, results)
    _response(presentation, results)
    _rethink(presentation, results)
    _limits(presentation, results)
    with replacing(path) as temporary:
        presentation.save(str(temporary))
    return path


def _blank() -> Any:
    try:
        from pptx import Presentation
        from pptx.util import Inches
    except ImportError:
        raise OncotwinError("Slides need python-pptx.", remedy="pip install 'oncotwin[visual]'") from None
    presentation = Presentation()
    presentation.slide_width, presentation.slide_height = Inches(13.333), Inches(7.5)
    presentation.core_properties.title = "oncotwin report"
    presentation.core_properties.comments = RESEARCH_USE_ONLY
    presentation.core_properties.author = "oncotwin"
    return presentation


def _summary(presentation: Any, results: Results) -> None:
    """The slide that a board sees: what came out, the options, and how they go. Where the twin misses the last scan: how it
    met the scans instead, and no option."""
    found = facts.conclusion(results)
    sheet = Sheet(presentation, found[0], _subject(results))
    courses = [c for c in courses_of(results) if not results.is_refuted or c.name == results.reference]
    sheet.text([*found[1 : 1 + MOST_SENTENCES], _told(results)], (0.55, 1.5, 5.4, 2.4), size=12)
    sheet.lines(
        "Visible volume (mL, median) over days since baseline",
        _series(courses if len(courses) < MANY else courses[:6]),
        (6.1, 1.3, 6.8, 2.65),
    )
    head, rows = _options(results)
    if rows and not results.is_refuted:
        sheet.table(head, _fitting(rows, 6), (0.55, 3.95, 12.25, 2.9), widths=(3.0, 3.05, 1.9, 2.1, 1.1, 1.1))
    else:
        sheet.table(*_visits(results), (0.55, 3.95, 12.25, 0.45 * (1 + len(results.patient.visits))))


def _fitting(rows: list[list[str]], most: int) -> list[list[str]]:
    """The first rows that a slide holds, and how many the report has besides."""
    if len(rows) < MANY:
        return rows
    more = f"and {len(rows) - most} more options, in the report"
    return [*rows[:most], [more, *[""] * (len(rows[0]) - 1)]]


def _subject(results: Results) -> str:
    day, horizon = results.decision_day, results.horizon_day
    return f"{results.patient.name}, {results.patient.site}: decision on day {day:g}, forecast to day {horizon:g}"


def _told(results: Results) -> str:
    tile = next((t for t in facts.tiles(results) if t["label"] == "Forecast tested"), None)
    if tile is None:
        return ""
    if tile["value"] == "0":
        return f"Forecast not tested: {tile['note']}."
    return f"Forecast tested: {tile['value']} {tile['note']}."


def _series(courses: Sequence[Course]) -> list[tuple[str, str, np.ndarray, np.ndarray]]:
    """(label, colour, days, median) of every course, thinned to about 60 points."""
    found = []
    for c in courses:
        step = max(1, len(c.t) // 60)
        found.append((c.label, c.colour, np.asarray(c.t[::step], float), np.nanmedian(c.volume_ml, axis=0)[::step]))
    return found


def _options(results: Results) -> tuple[list[str], list[list[str]]]:
    day = f"day {results.horizon_day:g}"
    head = ["Option", "Treatment from the decision on", f"Volume, {day}, mL", "Difference, mL", "Smaller in", "Diameter, mm"]
    rows = []
    for arm in tables.arm_rows(results):
        name = arm["label"] + (" (reference)" if arm["is_reference"] else "")
        gap = "–" if not arm["difference_text"] else f"{arm['difference_text']} ({arm['difference_interval']})"
        volume = f"{arm['volume_text']} ({arm['volume_interval']})"
        rows.append([name, "; ".join(arm["treatment"][:2]), volume, gap, arm["smaller"] or "–", arm["diameter_text"] or "–"])
    return head, rows


def _visits(results: Results) -> tuple[list[str], list[list[str]]]:
    head = ["Visit", "Observed, mL", "Twin, mL", "90 % interval, mL", "Error"]
    rows = []
    for row in tables.forecast_rows(results):
        twin = next((e for e in row["entries"] if e["is_twin"]), None)
        if twin is not None:
            name = f"Day {row['day']}, {row['name']}" + (" (held out)" if row["held_out"] else "")
            rows.append([name, row["observed"], twin["volume"], twin["interval"], twin["error"]])
    return head, rows


PICTURES = (
    ("now-cutaway", "Now, cut open at the tumour"),
    ("forecast-shells", "Forecast: shells of 95, 50 and 5 %"),
    ("old-and-new", "Old against new: first scan, last scan, change"),
)


COLOURS = (
    "Cut open: amber, visible tumour in at least half of the simulated courses; red, its core.",
    "Shells: red, visible tumour in 95 % of the courses; amber, in half; blue, in 5 %.",
)
LINES = (
    "Slices: the amber line is the visible lesion as segmented, the red one its core; orange, growth; hatched, shrinkage.",
    "Axial slices follow the radiological convention: the patient's right is on the left.",
)


def _pictures(presentation: Any, results: Results, folder: Path) -> None:
    """What a report drew, with what its colours mean; nothing where none was made."""
    found = [(folder / f"{name}.png", words) for name, words in PICTURES if (folder / f"{name}.png").exists()]
    if not found:
        return
    sheet = Sheet(presentation, "Where it is, and how sure the forecast is", _subject(results))
    places = ((0.65, 1.85, 3.9, 2.55), (4.75, 1.85, 3.9, 2.55), (0.65, 4.85, 8.0, 2.1))
    sheet.text([*COLOURS, *LINES], (9.0, 1.8, 3.8, 4.6), size=12)
    for (path, words), (left, top, width, height) in zip(found, places, strict=False):
        sheet.text([words], (left - 0.1, top - 0.36, width, 0.3), size=12)
        sheet.picture(path, words, (left, top, width, height))


def _chances(presentation: Any, results: Results) -> None:
    told = chance_table(results)
    if told is None or len(told["rows"]) >= MANY:
        return  # a matrix of many options is read on the page, not on a wall
    title = f"How likely is one better? Less than the column's option by more than {told['margin']} %"
    sheet = Sheet(presentation, title, f"Share of {told['draws']} simulated courses on day {results.horizon_day:g}")
    head = ["Less under …", *(f"… than {label}" for label in told["labels"]), "Least of all"]
    rows = [[r["label"], *("" if c is None else c["text"] for c in r["cells"]), r["least"]] for r in told["rows"]]
    width = 9.6 / (len(head) - 1)
    sheet.table(head, rows, (0.55, 1.5, 12.25, 4.6), size=10, widths=(2.65, *[width] * (len(head) - 1)))


def _response(presentation: Any, results: Results) -> None:
    told = response_table(results)
    if told is None:
        return
    sheet = Sheet(
        presentation, f"Response by {told['criteria']}", "Share of the simulated courses, and the rule of a typical one"
    )
    head = ["Option", *(f"Day {d}" for d in told["days"])]
    rows = []
    for row in told["rows"]:
        cells = [", ".join(f"{s['category']} {s['share']}" for s in c["shares"]) + f"\n{c['rule']}" for c in row["cells"]]
        rows.append([row["label"], *cells])
    sheet.table(head, _fitting(rows, 7), (0.55, 1.5, 12.25, 5.0), size=10.5)


def _rethink(presentation: Any, results: Results) -> None:
    told = rethink(results)
    if told:
        sheet = Sheet(presentation, "What would change our mind", _subject(results))
        sheet.text([f"{heading}: {words}" for heading, words in told], (0.55, 1.5, 12.2, 5.2), size=15)


def _limits(presentation: Any, results: Results) -> None:
    sheet = Sheet(presentation, "Doubts and limits", _subject(results))
    rest = facts.conclusion(results)[1 + MOST_SENTENCES :]
    doubts = [re.sub(r"\s+", " ", words) for _, words in facts.problems(results)][:6]
    sheet.text([*rest, *doubts, *facts.LIMITS], (0.55, 1.5, 12.2, 5.3), size=13)
