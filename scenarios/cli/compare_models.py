"""``oncotwin compare-models``: several growth models on one patient."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scenarios.cli import options as o
from scenarios.cli.voice import Voice

Models = Annotated[str, typer.Option("--models", help="Growth models, separated by commas.")]


def compare_models(
    case: o.Case,
    models: Models = "fisher-kpp,gompertz,exponential",
    out: o.Out = Path("models"),
    evaluations: o.Evaluations = 200,
    draws: o.Draws = 100,
    processes: o.Processes = 1,
    seed: o.Seed = 0,
    json: o.Json = False,
    quiet: o.Quiet = False,
    debug: o.Debug = False,
) -> None:
    """Calibrate several growth models on one patient, weigh them by what they predict, and average their forecasts."""
    from calibration.choice.compare import compare_models as run
    from scenarios.cli.inputs import case_files
    from solvers.model import models as known
    from twin.case import load_case

    voice, names = Voice(json, quiet), [m.strip() for m in models.split(",")]
    for name in names:
        known[name]
    patient = load_case(case_files(case)[0], voice.progress)
    settings = {"evaluations": evaluations, "draws": draws, "processes": processes, "seed": seed}
    found = run(patient, out, names, progress=voice.progress, **settings)
    columns = tuple(found["models"][0])
    voice.table(
        "Models", columns, [[f"{v:.3g}" if isinstance(v, float) else v for v in r.values()] for r in found["models"]]
    )
    for note in found["notes"]:
        voice.say(note)
    voice.result({"results": out, **found})
    voice.last(f"Compared: {out}   stacked forecast: {out / 'stacked.zarr'}")
