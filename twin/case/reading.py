"""Reading ``case.yaml``: YAML with duplicate keys refused, then the schema, every mistake in words."""

from __future__ import annotations

import difflib
import types
import typing
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from twin.case.problems import Problems
from twin.case.schema import CaseFile
from twin.case.units import ROLE_ALIASES
from twin.errors import DataRefused

WHY = "a case that is misread would be computed as if it were meant"


def case_path(path: Path) -> Path:
    """The YAML file of a case given by its file or its folder."""
    path = Path(path)
    found = path / "case.yaml" if path.is_dir() else path
    if not found.is_file():
        raise DataRefused(
            f"There is no case file at {path.name or path}.",
            where=str(found),
            why="it names the scans, their units and the treatments",
            remedy="`oncotwin new FOLDER` writes a commented one to start from",
        )
    return found


def read_case_file(path: Path, problems: Problems) -> CaseFile | None:
    """The file as written, or None with the reasons added to ``problems``."""
    content = None
    with problems.gather(path.name):
        content = read_yaml(path)
    if problems:
        return None
    try:
        return CaseFile.model_validate(content)
    except ValidationError as error:
        for item in error.errors():
            problems.add(refusal(item, path.name))
        return None


def read_yaml(path: Path) -> dict[str, Any]:
    import yaml

    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_loader())
    except (OSError, UnicodeDecodeError) as error:
        raise DataRefused(f"{path.name} cannot be read as text: {error}.", remedy="save it as plain text (UTF-8)") from None
    except yaml.YAMLError as error:
        raise DataRefused(
            f"{path.name} is not valid YAML: {' '.join(str(error).split())}.",
            why=WHY,
            remedy="check indentation (spaces, no tabs), colons and quotes at that line",
        ) from None
    if not isinstance(content, dict):
        raise DataRefused(f"{path.name} holds no keys and values.", remedy="start from `oncotwin new FOLDER`")
    return content


def _loader() -> type:
    import yaml

    class OneKeyLoader(yaml.SafeLoader):
        """Refuses a key that is written twice; plain YAML silently keeps the last."""

        def construct_mapping(self, node, deep=False):
            seen = set()
            for key, _ in node.value:
                if key.value in seen:
                    problem = f"the key '{key.value}' is written twice"
                    raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
                seen.add(key.value)
            return super().construct_mapping(node, deep)

    return OneKeyLoader


def refusal(item: Any, file: str) -> DataRefused:
    loc, kind = tuple(item["loc"]), item["type"]
    where = f"{file}: {_place(loc)}" if loc else file
    if kind == "extra_forbidden":
        known = _known_keys(CaseFile, loc[:-1])
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
    what, _, remedy = str(item["msg"]).removeprefix("Value error, ").partition("; ")
    if not remedy:
        what, remedy = f"{what} (found {item['input']!r})", f"correct it in {file}"
    return DataRefused(f"{what[:1].upper()}{what[1:]}.", where=where, why=WHY, remedy=remedy)


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
