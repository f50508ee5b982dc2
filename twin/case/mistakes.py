"""What pydantic found wrong with a file that a person wrote, in that person's words."""

from __future__ import annotations

import difflib
import reprlib
import types
import typing
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from twin.case.units import ROLE_ALIASES
from twin.errors import DataRefused

WHY = "what is misread would be computed as if it were meant"

PLAIN = {
    "float_parsing": ("{found} is not a number", "write a number"),
    "float_type": ("{found} is not a number", "write a number"),
    "finite_number": ("{found} is not a number", "write a number"),
    "int_parsing": ("{found} is not a whole number", "write a whole number"),
    "int_type": ("{found} is not a whole number", "write a whole number"),
    "int_from_float": ("{found} is not a whole number", "write a whole number"),
    "bool_parsing": ("{found} is neither true nor false", "write true or false"),
    "bool_type": ("{found} is neither true nor false", "write true or false"),
    "string_type": ("{found} is not a text", "put it in quotes"),
    "tuple_type": ("{found} is not a list", "write a list: [first, second]"),
    "dict_type": ("{found} has no keys", "write keys and values: {{key: value}}"),
    "model_type": ("{found} has no keys", "write keys and values: {{key: value}}"),
    "too_short": ("The list holds {actual_length} of at least {min_length} entries", "add what is missing"),
    "greater_than": ("{found} is too small", "write a number above {gt:g}"),
    "greater_than_equal": ("{found} is too small", "write {ge:g} or more"),
    "less_than": ("{found} is too large", "write a number below {lt:g}"),
    "less_than_equal": ("{found} is too large", "write {le:g} or less"),
    "date_from_datetime_parsing": ("{found} is not a date", "write it as 2026-02-16"),
    "date_type": ("{found} is not a date", "write it as 2026-02-16"),
}
"""Kind of mistake (pydantic's name) -> what is said of it, and its remedy."""


def refusals(error: ValidationError, file: str, model: type[BaseModel]) -> list[DataRefused]:
    """Every mistake that makes ``file`` no ``model``, each with its place and remedy."""
    items = error.errors()
    places = [tuple(item["loc"]) for item in items]
    # a list whose only item is wrong is also reported as too short
    told = [
        item
        for item, loc in zip(items, places, strict=True)
        if item["type"] != "too_short" or not any(len(p) > len(loc) and p[: len(loc)] == loc for p in places)
    ]
    return [_refusal(item, file, model) for item in told]


def _refusal(item: Any, file: str, model: type[BaseModel]) -> DataRefused:
    loc, kind = tuple(item["loc"]), item["type"]
    where = f"{file}: {_place(loc)}" if loc else file
    if kind == "extra_forbidden":
        known = _known_keys(model, loc[:-1])
        return DataRefused(
            f"The key '{loc[-1]}' is unknown.{_nearest(str(loc[-1]), known)}",
            where=where,
            why=WHY,
            remedy=f"known here: {', '.join(known)}",
        )
    if kind == "missing":
        return DataRefused(
            f"The key '{loc[-1]}' is missing.", where=where, why="it has no sensible default", remedy=_hint_for(str(loc[-1]))
        )
    if kind == "literal_error":
        return _unknown_word(item, loc, where)
    if kind == "wrong":
        return DataRefused(where=where, **item["ctx"])
    if kind in PLAIN:
        what, remedy = (words.format(found=reprlib.repr(item["input"]), **item.get("ctx", {})) for words in PLAIN[kind])
    else:
        what, _, remedy = str(item["msg"]).removeprefix("Value error, ").partition("; ")
        what, remedy = (what, remedy) if remedy else (_with(what, item), f"correct it in {file}")
    return DataRefused(f"{what[:1].upper()}{what[1:]}.", where=where, why=WHY, remedy=remedy)


def _with(what: str, item: Any) -> str:
    """The sentence of a check that names no remedy; with what was found, where pydantic made the sentence."""
    return what.removesuffix(".") if item["type"] == "value_error" else f"{what} (found {reprlib.repr(item['input'])})"


def _unknown_word(item: Any, loc: tuple, where: str) -> DataRefused:
    known = [w.strip("' ") for w in str(item["ctx"]["expected"]).replace(" or ", ", ").split(",")]
    written = str(item["input"])
    what = "word"
    if loc[-1] == "[key]":
        what = "image role" if "images" in loc else "region"
    near = f" Did you mean '{ROLE_ALIASES[written]}'?" if written in ROLE_ALIASES else _nearest(written, known)
    return DataRefused(
        f"The {what} '{written}' is unknown.{near}",
        where=where,
        why="the twin must know what it shows" if what != "word" else WHY,
        remedy=f"known: {', '.join(known)}",
    )


def _place(loc: Sequence[Any]) -> str:
    """('visits', 0, 'images', 'adc') -> "visits, entry 1, images, adc" (names of union members left out)."""
    words = []
    for part in loc:
        if isinstance(part, int):
            words.append(f"entry {part + 1}")
        elif part != "[key]" and not part.startswith(("tuple[", "function-", "int", "float", "date")):
            words.append(part)
    return ", ".join(words)


def _nearest(word: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(word.lower(), known, n=1, cutoff=0.5)
    return f" Did you mean '{near[0]}'?" if near else ""


def _hint_for(key: str) -> str:
    hints = {
        "tissue": "name where the tumour can grow, for instance tissue: {mask: brain_mask.nii.gz}",
        "visits": "list the scans: visits: [{day: 0, images: {...}}]",
        "patient": "give an invented name, for instance patient: case-01",
        "file": "name the file, relative to the case file",
    }
    return hints.get(key, f"write it: {key}: ...")


def _known_keys(model: Any, loc: Sequence[Any]) -> list[str]:
    """The keys of the part of the schema that ``loc`` leads to."""
    models = _follow([model], loc)
    return list(dict.fromkeys(k for m in models for k in m.model_fields))


def _follow(models: list[type[BaseModel]], loc: Sequence[Any]) -> list[type[BaseModel]]:
    for part in loc:
        if part in ("radiotherapy", "drug", "resection") and len(models) > 1:
            models = [m for m in models if part in m.model_fields]
        fields = [m.model_fields[part].annotation for m in models if part in m.model_fields]
        if fields:
            models = [m for annotation in fields for m in _models_in(annotation)] or models
    return models


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    """Every written part that an annotation can hold."""
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias) and issubclass(annotation, BaseModel):
        return [annotation]
    return [m for inner in typing.get_args(annotation) for m in _models_in(inner)]
