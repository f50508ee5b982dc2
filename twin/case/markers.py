"""The markers of a case, whatever else it holds."""

from __future__ import annotations

from pathlib import Path

from twin.case.reading import case_path, read_yaml


def load_markers(path: Path) -> dict[str, str | float]:
    """``markers:`` of a case file (or of the folder that holds it): name -> value as written; {} where there are none."""
    return dict(read_yaml(case_path(path)).get("markers") or {})
