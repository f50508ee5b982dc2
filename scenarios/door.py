"""Reading files that people write: YAML, checked by pydantic, refused in words."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from twin.case import reading
from twin.case.mistakes import refusals
from twin.case.problems import Problems
from twin.errors import DataRefused


class Written(BaseModel):
    """Base of everything written by hand: unknown keys are refused, values are frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


W = TypeVar("W", bound=Written)


def read_yaml(path: Path, kind: type[W]) -> W:
    """The file as ``kind``; a missing, unreadable or invalid file is a :class:`DataRefused` that says which line or key."""
    return validated(reading.read_yaml(path), kind, where=path.name, folder=path.parent)


def validated(content: Any, kind: type[W], where: str, folder: Path = Path()) -> W:
    """``content`` as ``kind``, every problem of it named in one refusal; files that it names are relative to ``folder``."""
    if not isinstance(content, dict):
        raise DataRefused(f"{where} holds no keys and values.", where=where, remedy="start from the example in the docs")
    try:
        return kind.model_validate(content, context={"folder": folder})
    except ValidationError as error:
        problems = Problems()
        for refused in refusals(error, where, kind):
            problems.add(refused)
    problems.raise_if_any(where)
    raise AssertionError("a file that is refused has a problem")
