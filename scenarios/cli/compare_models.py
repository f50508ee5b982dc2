"""``oncotwin compare-models``: several growth models on one patient."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from scenarios.cli import options as o
from scenarios.cli.guard import resumable
from scenarios.cli.session import Session, in_session
from scenarios.cli.voice import Voice
from twin.errors import PartialResult

Models = Annotated[str, typer.Option("--models", help="Growth models, separated by commas.")]
OUTPUTS = ("choice.json", "stacked.zarr", "forecast.png", "forecast.svg")


@in_session(processes=1)
def compare_models(
    case: o.Case,
    models: Models = "fisher-kpp,gompertz,exponential",
    out: o.Out = Path("models"),
    evaluations: o.Evaluations = 200,
    draws: o.Draws = 100,
    *,
    session: Session,
) -> None:
    """Calibrate several growth models on one patient, weigh them by what they predict, and average their forecasts."""
    from solvers.model import models as known

    voice, names = session.voice, [m.strip() for m in models.split(",")]
    for name in names:
        known[name]
    found = step(case, out, names, {"evaluations": evaluations, "draws": draws}, session)
    _tell(found, voice)
    voice.result({"results": out, **found})
    voice.last(f"Compared: {out}   stacked forecast: {out / 'forecast.png'}")
    if found["failed"]:
        raise typer.Exit(PartialResult.exit_code)


def step(case: Path, out: Path, names: list[str], numbers: dict[str, int], session: Session) -> dict[str, Any]:
    """Compare into ``out`` and leave a manifest; the summary. Finished models are not calibrated again."""
    from calibration.choice.compare import compare_models as run
    from scenarios.cli.claim import claim
    from scenarios.cli.inputs import case_files
    from twin.case import load_case
    from twin.provenance import Manifest
    from twin.store import load_json

    files, voice = case_files(case), session.voice
    manifest = Manifest("compare-models", {"models": names, **numbers}, session.seed)
    manifest.add_inputs(files, files[0].parent)
    if claim(manifest, out, OUTPUTS, names, session.overwrite):
        voice.note(f"{out} holds this comparison already; --overwrite would repeat it.")
    else:
        settings = {**numbers, "processes": session.processes, "seed": session.seed}
        with resumable(f"the models finished so far are kept in {out}"):
            run(load_case(files[0], voice.progress), out, names, keep=True, progress=voice.progress, **settings)
        manifest.write(out)
    return load_json(out / "choice.json")


def _tell(found: dict[str, Any], voice: Voice) -> None:
    columns = tuple(found["models"][0])
    rows = [[f"{v:.3g}" if isinstance(v, float) else v for v in row.values()] for row in found["models"]]
    voice.table("Models", columns, rows)
    for note in found["notes"]:
        voice.say(note)
