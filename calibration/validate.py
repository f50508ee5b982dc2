"""Running a validation study: case by case, resumable, then its page and its picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from calibration.journal import Journal
from calibration.pool import Crew
from calibration.study import Page, Row, Study, studies
from twin import RESEARCH_USE_ONLY
from twin.errors import OncotwinError, UsageError
from twin.hold import held
from twin.progress import SILENT, Progress, stage
from twin.store import plain, replacing, save_text


def validate(
    name: str,
    out: Path,
    *,
    data: Path | None = None,
    size: int | None = None,
    seed: int = 0,
    processes: int = 1,
    progress: Progress = SILENT,
) -> Page:
    """Run the study ``name``: ``NAME.jsonl`` (a line a case), ``NAME.md`` and, where it draws, ``NAME.svg`` in ``out``.

    A case whose line is in the store already is not measured again. ``data`` is the folder of the data sets; raises
    UsageError where the study needs one that is not there.
    """
    study = studies[name]()
    folder = _data_of(study, name, data)
    size = study.size if size is None else size
    keys = list(study.cases(size, seed, folder))
    rows = _rows(name, keys, out / f"{name}.jsonl", folder, processes, progress)
    page = study.page(rows)
    _write(page, study, name, out, f"{size} cases, seed {seed}" if study.size > 1 else f"seed {seed}")
    return page


def _data_of(study: Study, name: str, data: Path | None) -> Path | None:
    if not study.data:
        return None
    if data is None or not (data / study.data).is_dir():
        raise UsageError(
            f"The study '{name}' needs the data folder '{study.data}'.",
            where=str(data or ""),
            remedy=f"give the folder that holds '{study.data}' with --data",
        )
    return data / study.data


def _rows(name: str, keys: list[str], store: Path, data: Path | None, processes: int, progress: Progress) -> list[Row]:
    store.parent.mkdir(parents=True, exist_ok=True)
    with held(store, "this study's store", "two runs would measure the same cases twice"):
        return _measured_rows(name, keys, Journal(store), data, processes, progress)


def _measured_rows(
    name: str, keys: list[str], journal: Journal, data: Path | None, processes: int, progress: Progress
) -> list[Row]:
    known = {line["case"]: line for line in journal.read_logs(0)}
    missing = [k for k in keys if k not in known]
    with Crew(processes) as crew, stage(progress, f"validating: {name}", len(keys)) as bar:
        bar.advance(len(keys) - len(missing))
        for key, row in zip(missing, crew.over((name, data))(_measured, missing), strict=True):
            known[key] = {"case": key, **row}
            journal.append_logs([known[key]])
            bar.advance()
    return [known[k] for k in keys]


def _measured(study: tuple[str, Path | None], key: str) -> dict[str, Any]:
    name, data = study
    try:
        return plain(dict(studies[name]().measure(key, data)))
    except OncotwinError as error:
        return {"failed": error.what}


def _write(page: Page, study: Study, name: str, out: Path, settings: str) -> None:
    parts = [f"# {study.title}", f"Written by `oncotwin validate {name}` ({settings}). {RESEARCH_USE_ONLY}"]
    if page.draw is not None:
        with replacing(out / f"{name}.svg") as temporary:
            page.draw(temporary)
        parts.append(f"![{study.title}]({name}.svg)")
    table = ["| what | measured | | bar | met |", "|---|---|---|---|---|", *(check.line() for check in page.checks)]
    save_text(out / f"{name}.md", "\n\n".join([*parts, "\n".join(table), page.text]).rstrip() + "\n")
