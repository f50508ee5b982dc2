"""Reading single elements of an untrusted DICOM dataset: a value of the asked kind, or nothing; never an exception."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Sequence
from typing import Any

LONGEST_TEXT = 1024
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def raw(dataset: Any, keyword: str) -> Any:
    """The element's value as pydicom converts it; None where it is absent, empty or cannot be converted."""
    try:
        value = dataset.get(keyword)
    except Exception:  # pydicom converts lazily here, and its converters raise whatever the bytes lead them to
        return None
    return None if value is None or value == "" else value


def texts(dataset: Any, keyword: str) -> tuple[str, ...]:
    """Every value of a text element, printable and cut to a sane length."""
    value = raw(dataset, keyword)
    if value is None:
        return ()
    try:
        several = isinstance(value, Sequence) and not isinstance(value, str | bytes)  # a PersonName has letters, not parts
        parts = list(value)[:64] if several else [value]
        return tuple(clean(str(part)) for part in parts)
    except Exception:  # a name or a nested value is decoded by pydicom only when it is turned into text
        return ()


def text(dataset: Any, keyword: str) -> str:
    """A text element as one line; several values are joined by a backslash, as DICOM writes them."""
    return "\\".join(texts(dataset, keyword))[:LONGEST_TEXT]


def clean(words: str) -> str:
    """Without control characters or characters that turn the direction of writing."""
    return _UNPRINTABLE.sub(" ", words[:LONGEST_TEXT]).strip()


def numbers(dataset: Any, keyword: str, count: int | None = None) -> tuple[float, ...] | None:
    """A numeric element as finite floats; None if it is absent, not numeric, not finite or of another count."""
    value = raw(dataset, keyword)
    if value is None:
        return None
    try:
        parts = [value] if isinstance(value, str | int | float) or not hasattr(value, "__iter__") else list(value)
        found = tuple(float(part) for part in parts)
    except (TypeError, ValueError, OverflowError):
        return None
    if (count is not None and len(found) != count) or not all(math.isfinite(v) for v in found):
        return None
    return found


def number(dataset: Any, keyword: str) -> float | None:
    """A single finite number (the first of several)."""
    found = numbers(dataset, keyword)
    return found[0] if found else None


def integer(dataset: Any, keyword: str) -> int | None:
    """A single whole number."""
    found = number(dataset, keyword)
    return int(found) if found is not None and found == int(found) else None


def items(dataset: Any, keyword: str) -> list[Any]:
    """The items of a sequence; an empty list where there is none."""
    value = raw(dataset, keyword)
    try:
        return [item for item in value if hasattr(item, "get")] if value is not None and not isinstance(value, str) else []
    except TypeError:  # a single value that is no sequence
        return []


def first(dataset: Any, *keywords: str) -> Any:
    """The first item down a path of sequences, or an empty mapping."""
    for keyword in keywords:
        found = items(dataset, keyword)
        if not found:
            return {}
        dataset = found[0]
    return dataset


def date(dataset: Any, *keywords: str) -> datetime.date | None:
    """The first readable date (DA or DT) of the named elements."""
    for keyword in keywords:
        words = text(dataset, keyword)[:10].replace(".", "").replace("-", "")[:8]
        try:
            return datetime.datetime.strptime(words, "%Y%m%d").date()
        except ValueError:
            continue
    return None


def seconds(words: str) -> float | None:
    """A DICOM time (TM, or the time part of a DT) as seconds since midnight."""
    match = re.fullmatch(r"(\d{2})(\d{2})(\d{2}(?:\.\d+)?)?.*", words.replace(":", ""))
    if not match:
        return None
    return 3600.0 * int(match[1]) + 60.0 * int(match[2]) + float(match[3] or 0)


def moment(dataset: Any, day: str, time: str) -> datetime.datetime | None:
    """A date element and a time element together; None where either is missing."""
    on, at = date(dataset, day), seconds(text(dataset, time))
    if on is None or at is None:
        return None
    return datetime.datetime.combine(on, datetime.time()) + datetime.timedelta(seconds=at)


def as_moment(words: str) -> datetime.datetime | None:
    """A DICOM date and time in one (DT)."""
    at = seconds(words[8:])
    try:
        day = datetime.datetime.strptime(words[:8], "%Y%m%d")
    except ValueError:
        return None
    return None if at is None else day + datetime.timedelta(seconds=at)


def private(dataset: Any, group: int, creator: str, element: int) -> str:
    """A private element of a maker as text; empty where it is absent or cannot be read."""
    try:
        value = dataset.get_private_item(group, element, creator).value
    except Exception:  # absent, or converted lazily by pydicom
        return ""
    return clean(value.decode("ascii", "replace") if isinstance(value, bytes) else str(value))
