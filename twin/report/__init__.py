"""The tumour-board page: one self-contained HTML file from a RESULTS folder."""

from __future__ import annotations

from pathlib import Path

from twin.progress import SILENT, Progress


def build_report(results: Path, out: Path | None = None, progress: Progress = SILENT) -> Path:
    """Write ``report.html`` and ``pictures/*.png`` into ``out`` (default: ``results``) and return the page's path.

    Reads what the steps before left in ``results``; scenarios may be missing (a page about the calibration alone).
    Raises :class:`twin.errors.DataRefused` where the folder holds no calibration.
    """
    from twin.report.build import build

    return build(Path(results), Path(out) if out is not None else Path(results), progress)


__all__ = ["build_report"]
