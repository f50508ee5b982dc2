"""Arms written in words, read as courses. Nothing is skipped: a word that is not understood is refused."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from pydantic import TypeAdapter, ValidationError

from scenarios.written import AnyCourse, WrittenCourse
from twin.errors import DataRefused
from twin.quantity import DURING_RADIOTHERAPY

BREAK_DAYS = 28.0
"""Days between radiotherapy and the cycles that follow it, where none are written (Stupp 2005); the echo shows the day."""

EXAMPLE = "60 Gy in 30 fractions, weekdays, from day 44; temozolomide 75 mg/m2 daily during radiotherapy"
NOTHING = ("no treatment", "no further treatment", "none")
NUMBER = r"(\d+(?:\.\d+)?)"
DAYS_OR_WEEKS = {"day": 1, "days": 1, "week": 7, "weeks": 7}

_TIMING = {
    "after": re.compile(rf"(?:(?:from|starting) )?{NUMBER} (days?|weeks?) after radiotherapy"),
    "from_day": re.compile(rf"(?:from|starting on|starting|on|at) day {NUMBER}"),
    "every": re.compile(r"(?:of )?every (\d+) (days?|weeks?)"),
    "weekly": re.compile(r"\bweekly\b"),
    "cycles": re.compile(r"(?:\bx ?|\bfor )(\d+)(?: cycles?| times)|\bx ?(\d+)\b|\b(\d+) cycles?\b"),
    "for_days": re.compile(r"for (\d+) days"),
    "days": re.compile(r"\bdays? (\d+(?: ?- ?\d+)?(?: ?, ?\d+(?: ?- ?\d+)?)*)"),
    "during": re.compile(r"during radiotherapy"),
    "weekdays": re.compile(r"\bweekdays\b|\bmonday to friday\b"),
    "daily": re.compile(r"\bdaily\b|\bevery day\b"),
    "once": re.compile(r"\bonce\b"),
}
_BEAM = re.compile(rf"{NUMBER} ?([a-z/²0-9]*) in (\d+) fractions?(?: of {NUMBER} ?gy)?")
_AROUND = re.compile(
    rf" to (?:the )?(core|whole lesion|whole) margin {NUMBER} ?mm(?: falling off by half every {NUMBER} ?mm)?"
)
_RESECTION = re.compile(rf"resection(?: of the (core|whole))?(?: margin {NUMBER} ?mm)?")
_DRUG = re.compile(rf"(?:([a-z][a-z-]+) )?(auc {NUMBER}|{NUMBER} ?[a-z/²0-9]*)")

_BEAM_TIMING = {"from_day", "every", "weekdays", "daily", "once"}
_RESECTION_TIMING = {"from_day", "once"}
_RHYTHMS = ({"every", "weekly"}, {"daily", "weekly"}, {"days", "for_days"}, {"during", "days"}, {"during", "for_days"})
"""Words about time that contradict each other."""

Found = dict[str, tuple[str, ...]]
_COURSE: TypeAdapter[AnyCourse] = TypeAdapter(WrittenCourse)


def read_words(text: str, whole: str = "") -> tuple[AnyCourse, ...]:
    """The courses of a sentence (a part of ``whole``, which a refusal then quotes); parts joined by ";", "then", "with".

    "60 Gy in 30 fractions, weekdays, from day 44", "temozolomide 75 mg/m2 daily during radiotherapy, then 150 mg/m2
    days 1-5 every 28 days x 6", "doxorubicin 60 mg/m2 and cyclophosphamide 600 mg/m2 every 14 days x 4 from day 50",
    "resection with 5 mm margin on day 45", "no treatment". DataRefused names what was not understood.
    """
    written: list[dict[str, Any]] = []
    quoted = whole or text
    parts = _parts(text)
    if not parts and plain(text) not in NOTHING:
        raise refused(quoted, "it names no treatment; write 'no treatment' if none is meant")
    for part, follows in parts:
        written += _courses(part, quoted, written if follows else [])
    return tuple(_checked(course, quoted) for course in written)


def plain(text: str) -> str:
    """The sentence in lower case, with single spaces and without its full stop."""
    return re.sub(r"\s+", " ", text.strip().lower()).replace("×", "x").rstrip(" .")


def _parts(text: str) -> list[tuple[str, bool]]:
    """The parts of a sentence in lower case, each with whether it follows the one before ("then")."""
    sentence = plain(text)
    if sentence in NOTHING:
        return []
    sentence = re.sub(r"with (?:a )?([\d.]+ ?[a-z]*) margin", r"margin \1", sentence)
    pieces = re.split(r"( ?; ?| ?,? ?\bthen\b | with )", sentence)
    joints = ["", *pieces[1::2]]
    return [
        (part.strip(" ,."), "then" in joint) for part, joint in zip(pieces[::2], joints, strict=True) if part.strip(" ,.")
    ]


def _courses(part: str, text: str, before: list[dict[str, Any]]) -> list[dict[str, Any]]:
    around = _AROUND.search(part)
    timing, rest = _timing(_AROUND.sub("", part))
    if found := _RESECTION.fullmatch(rest):
        _check_timing("a resection", timing, _RESECTION_TIMING, text)
        if "from_day" not in timing:
            raise refused(text, "it does not say of the resection when it is done")
        return [_resection(found, timing)]
    if found := _BEAM.fullmatch(rest):
        _check_timing("radiotherapy", timing, _BEAM_TIMING, text)
        return [_radiotherapy(found, timing, text) | _dose_around(around)]
    if around:
        raise refused(text, f"'{around[0].strip()}' belongs to radiotherapy")
    _check_timing("a drug", timing, _TIMING.keys() - {"weekdays"}, text)
    return [_drug(piece, timing, text, before) for piece in re.split(r" and | ?\+ ?", rest)]


def _check_timing(what: str, timing: Found, allowed: Collection[str], text: str) -> None:
    """Words about time that would be left aside, or that contradict each other, are refused."""
    for name in timing.keys() - allowed:
        raise refused(text, f"'{name.replace('_', ' ')}' does not fit {what}")
    for pair in _RHYTHMS:
        if pair <= timing.keys():
            raise refused(text, f"'{' and '.join(sorted(pair))}' contradict each other".replace("_", " "))
    if what == "a drug" and "daily" in timing and not {"during", "days", "for_days"} & timing.keys():
        raise refused(text, "it does not say for how many days: write 'daily for 21 days' or 'during radiotherapy'")
    if "daily" in timing and "weekdays" in timing:
        raise refused(text, "'daily' and 'weekdays' contradict each other")


def _timing(part: str) -> tuple[Found, str]:
    """The words about time, and what is left without them."""
    timing: Found = {}
    for name, pattern in _TIMING.items():
        if found := pattern.search(part):
            timing[name] = tuple(group for group in found.groups() if group is not None)
            part = part[: found.start()] + part[found.end() :]
    return timing, re.sub(r"\s+", " ", re.sub(r" ?,(?: ?,)* ?", " ", part)).strip(" .")


def _radiotherapy(found: re.Match[str], timing: Found, text: str) -> dict[str, Any]:
    total, unit, count, each = found.groups()
    if each and abs(float(each) * int(count) - float(total)) > 0.01:
        raise refused(text, f"{count} fractions of {each} Gy are not {total} Gy")
    if "from_day" not in timing:
        raise refused(text, "it does not say when radiotherapy starts")
    course: dict[str, Any] = {"radiotherapy": f"{total} {_unit(unit)}".strip(), "fractions": int(count), **_start(timing)}
    if "every" in timing:
        course["every_days"] = _span(timing["every"])
    elif "daily" in timing:
        course["every_days"] = 1
    return course


def _dose_around(found: re.Match[str] | None) -> dict[str, Any]:
    """ "to the core with 20 mm margin": a synthetic dose."""
    if found is None:
        return {}
    fall_off = {"fall_off_mm": float(found[3])} if found[3] else {}
    return {"dose": {"target": found[1].split()[0], "margin_mm": float(found[2]), **fall_off}}


def _resection(found: re.Match[str], timing: Found) -> dict[str, Any]:
    return {"resection": found[1] or "core", "margin_mm": float(found[2] or 0), **_start(timing)}


def _drug(piece: str, timing: Found, text: str, before: list[dict[str, Any]]) -> dict[str, Any]:
    found = _DRUG.fullmatch(piece)
    previous = before[-1] if before else {}
    name = (found and found[1]) or previous.get("drug")
    if found is None or name is None:
        raise refused(text, f"'{piece}' is not understood")
    course: dict[str, Any] = {"drug": name, "amount": _amount(found[2]), **_rhythm(timing), **_start(timing)}
    if not {"from_day", "after_radiotherapy_days"} & course.keys() and course.get("days") != DURING_RADIOTHERAPY:
        if not before:
            raise refused(text, f"it does not say when {name} starts")
        course |= _following(previous)
    return course


def _rhythm(timing: Found) -> dict[str, Any]:
    """Days of the cycle, its length and number."""
    rhythm: dict[str, Any] = {}
    if "during" in timing:
        rhythm["days"] = DURING_RADIOTHERAPY
    elif "days" in timing:
        rhythm["days"] = timing["days"][0]
    elif "for_days" in timing:
        rhythm["days"] = f"1-{timing['for_days'][0]}"
    if "every" in timing or "weekly" in timing:
        rhythm["every_days"] = _span(timing["every"]) if "every" in timing else 7
    if "cycles" in timing:
        rhythm["cycles"] = int(timing["cycles"][0])
    return rhythm


def _start(timing: Found) -> dict[str, float]:
    if "after" in timing:
        return {"after_radiotherapy_days": float(timing["after"][0]) * DAYS_OR_WEEKS[timing["after"][1]]}
    return {"from_day": float(timing["from_day"][0])} if "from_day" in timing else {}


def _following(previous: dict[str, Any]) -> dict[str, float]:
    """The start of what comes "then": when the cycles before have ended, or four weeks after radiotherapy."""
    if previous.get("days") == DURING_RADIOTHERAPY or "radiotherapy" in previous:
        return {"after_radiotherapy_days": BREAK_DAYS}
    length = previous.get("every_days", 0) * previous.get("cycles", 1) or 1
    key = "after_radiotherapy_days" if "after_radiotherapy_days" in previous else "from_day"
    return {key: previous[key] + length}


def _amount(words: str) -> str:
    if words.startswith("auc"):
        return words.upper()
    number, unit = re.match(rf"{NUMBER} ?(.*)", words).groups()  # type: ignore[union-attr]
    return f"{number} {_unit(unit)}".strip()


def _unit(word: str) -> str:
    return "Gy" if word == "gy" else word


def _span(found: tuple[str, ...]) -> int:
    return int(found[0]) * DAYS_OR_WEEKS[found[1]]


def _checked(course: dict[str, Any], text: str) -> AnyCourse:
    try:
        return _COURSE.validate_python(course)
    except ValidationError as error:
        raise refused(text, "; ".join(e["msg"].removeprefix("Value error, ") for e in error.errors())) from None


def refused(text: str, problem: str) -> DataRefused:
    return DataRefused(
        f"“{text.strip()}” cannot be read as a treatment: {problem}.",
        where="words",
        why="a treatment that is misread would be simulated as if it were meant",
        remedy=f"write it like “{EXAMPLE}”",
    )
