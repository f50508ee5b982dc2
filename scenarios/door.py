"""Reading files that people write: YAML, checked by pydantic, refused in words."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from twin.errors import DataRefused


class Written(BaseModel):
    """Base of everything written by hand: unknown keys are refused, values are frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


W = TypeVar("W", bound=Written)


def read_yaml(path: Path, kind: type[W]) -> W:
    """The file as ``kind``; a missing, unreadable or invalid file is a :class:`DataRefused` that says which line or key."""
    import yaml

    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise DataRefused(f"{path.name} cannot be read: {error}.", where=str(path), remedy="check the path") from None
    except yaml.YAMLError as error:
        raise DataRefused(
            f"{path.name} is not valid YAML: {error}.", where=str(path), remedy="check indentation and colons there"
        ) from None
    return validated(content, kind, where=path.name, folder=path.parent)


def validated(content: Any, kind: type[W], where: str, folder: Path = Path()) -> W:
    """``content`` as ``kind``, every problem of it named in one refusal; files that it names are relative to ``folder``."""
    if not isinstance(content, dict):
        raise DataRefused(f"{where} holds no keys and values.", where=where, remedy="start from the example in the docs")
    try:
        return kind.model_validate(content, context={"folder": folder})
    except ValidationError as error:
        # a list whose only item is wrong is also reported as too short
        problems = [_sentence(item) for item in error.errors() if item["type"] != "too_short" or error.error_count() == 1]
        raise DataRefused(
            "; ".join(problems) + ".",
            where=where,
            why="a treatment that is misread would be simulated as if it were meant",
            remedy=f"keys known here: {', '.join(kind.model_fields)}",
        ) from None


def _sentence(item: Any) -> str:
    place = ".".join(str(part) for part in item["loc"])
    if item["type"] == "extra_forbidden":
        return f"the key '{place}' is unknown"
    if item["type"] == "missing":
        return f"the key '{place}' is missing"
    message = item["msg"].removeprefix("Value error, ")
    return f"{place}: {message}" if place else message
