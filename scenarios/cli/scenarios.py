"""``oncotwin scenarios``: what each therapy option would do, on one posterior."""

from __future__ import annotations

import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from scenarios.cli import options as o
from scenarios.cli.guard import resumable
from scenarios.cli.session import Session, in_session
from scenarios.cli.sizes import no_images
from scenarios.cli.voice import Voice
from twin.errors import PartialResult

if TYPE_CHECKING:
    from scenarios.study import Study

OUTPUTS = ("scenarios.zarr", "scenarios.parquet", "scenarios.json")
INTERMEDIATE = ("runs", "doses.zarr")
NEEDED = ("patient.zarr", "patient.json", "posterior.zarr", "fit.zarr", "calibration.json")


@dataclass(frozen=True)
class Comparison:
    """What decides the numbers of a comparison, besides the calibrated twin and the study file."""

    horizon_day: float | None = None
    accuracy: o.AccuracyName = "fast"


@in_session(without=(), twin="results")
def scenarios(
    results: o.Results,
    out: o.Elsewhere = None,
    study: o.Study = None,
    horizon: o.Horizon = None,
    accuracy: o.Accuracy = "fast",
    *,
    session: Session,
) -> None:
    """Compare therapy options for a calibrated patient: every arm on the same posterior draws."""
    voice, folder = session.voice, out or results
    summary = step(results, folder, study, Comparison(horizon, accuracy), session)
    for sentence in summary.get("conclusion", []):
        voice.say(sentence)
    voice.result({"results": folder, **summary})
    voice.last(f"Compared: {folder}   next: oncotwin report {folder}")
    end(summary, voice)


def step(results: Path, out: Path, study: Path | None, comparison: Comparison, session: Session) -> dict[str, Any]:
    """Run every arm on every draw into ``out`` and leave a manifest; the summary. Finished work is not repeated."""
    from scenarios.cli.claim import claim
    from scenarios.study import load_study
    from twin.provenance import Manifest
    from twin.store import load_json, missing

    asked = load_study(study) if study else None
    no_images(results, "scenarios")
    inputs = [results / name for name in ("posterior.zarr", "calibration.json")]
    for path in inputs:
        if not path.exists():
            raise missing(path)
    manifest = Manifest("scenarios", asdict(comparison), session.seed)
    manifest.add_inputs([*inputs, *([study] if study else [])], results)
    if claim(manifest, out, OUTPUTS, INTERMEDIATE, session.overwrite):
        session.voice.note(f"{out} holds this comparison already; --overwrite would repeat it.")
    else:
        _bring(results, out)
        with resumable(f"the runs so far are kept in {out}"):
            _compute(out, asked, comparison, session)
        manifest.write(out)
    return load_json(out / "scenarios.json")


def end(summary: dict[str, Any], voice: Voice) -> None:
    """Name the runs that failed, if any, and end with the exit code of a partial result."""
    failed = summary.get("failed", [])
    for run in failed[:10]:
        advice = f"; {run['advice']}" if run.get("advice") else ""
        voice.note(f"failed: arm {run['arm']}, draw {run['draw']}: {run['reason']}{advice}")
    if failed:
        voice.note(f"{len(failed)} run(s) failed and are left out of every number; the others are complete.")
        raise typer.Exit(PartialResult.exit_code)


def _bring(results: Path, out: Path) -> None:
    """What the step before wrote, into another folder."""
    if results.resolve() == out.resolve():
        return
    for source in (results / name for name in (*NEEDED, "manifest-calibrate.json")):
        if source.is_dir():
            shutil.copytree(source, out / source.name, dirs_exist_ok=True)
        elif source.exists():
            shutil.copy2(source, out / source.name)


def _compute(out: Path, study: Study | None, comparison: Comparison, session: Session) -> None:
    from calibration.calibration import load_calibration
    from scenarios.cli.compiled import announce
    from scenarios.compare import run_scenarios

    announce(session.voice)
    run_scenarios(
        load_calibration(out),
        out,
        arms=study,
        scheduler=session.scheduler,
        processes=session.processes,
        seed=session.seed,
        progress=session.voice.progress,
        **asdict(comparison),
    )
