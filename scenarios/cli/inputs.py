"""Which files a case consists of, so that a changed image is noticed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from twin.errors import DataRefused


def case_file(case: Path) -> Path:
    """The YAML file of a case given by its file or its folder."""
    path = case / "case.yaml" if case.is_dir() else case
    if not path.is_file():
        raise DataRefused(
            f"There is no case at {case}." if not case.is_dir() else f"The folder {case} holds no case.yaml.",
            where=str(path),
            why="the case file names the scans, their units and the treatments",
            remedy="give a case.yaml or its folder; `oncotwin new FOLDER` writes a commented one to start from",
        )
    return path


def case_files(case: Path) -> list[Path]:
    """The case file and every file that it names (paths relative to it)."""
    import yaml

    path = case_file(case)
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError):
        return [path]
    named = {(path.parent / text) for text in _texts(content) if len(text) < 250 and "\n" not in text and "\0" not in text}
    return [path, *sorted(p for p in named if p.is_file())]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
