"""``oncotwin sensitivity``: which parameter an endpoint depends on."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from scenarios.cli import options as o
from scenarios.cli.from_twin import Step
from scenarios.cli.session import Session
from scenarios.cli.voice import Voice

STEP = Step("sensitivity", ("sensitivity.json",), ("sensitivity.jsonl",), "the runs so far")
DEFAULT = ("visible-volume", "burden", "minimal-burden", "time-to-progression")

ArmName = Annotated[str | None, typer.Option("--arm", metavar="ARM", help="The arm to look at; default: as scheduled.")]
Names = Annotated[
    list[str] | None,
    typer.Option(
        "--endpoint", metavar="NAME", help="An endpoint (`oncotwin list endpoints`); may be repeated. Default: four."
    ),
]
Samples = Annotated[
    int, typer.Option("--samples", min=4, help="A power of two; the runs are this many times (parameters + 2).")
]
OverName = Literal["posterior", "prior"]
Over = Annotated[OverName, typer.Option("--over", help="The distribution over which each parameter varies.")]


@dataclass(frozen=True)
class Wanted:
    """What decides the numbers of an analysis, besides the calibrated twin."""

    arm: str | None
    endpoints: tuple[str, ...]
    samples: int
    over: OverName
    horizon_day: float | None
    accuracy: o.AccuracyName


def sensitivity(
    results: o.Results,
    out: o.Elsewhere = None,
    arm: ArmName = None,
    study: o.Study = None,
    endpoint: Names = None,
    samples: Samples = 64,
    over: Over = "posterior",
    horizon: o.Horizon = None,
    accuracy: o.Accuracy = "fast",
    processes: o.Processes = 2,
    seed: o.Seed = 0,
    overwrite: o.Overwrite = False,
    json: o.Json = False,
    quiet: o.Quiet = False,
    debug: o.Debug = False,
) -> None:
    """Say how much of each endpoint's spread every parameter explains: Sobol indices with their confidence."""
    voice = Voice(json, quiet)
    wanted = Wanted(arm, tuple(endpoint or DEFAULT), samples, over, horizon, accuracy)
    found = step(results, out or results, study, wanted, Session(voice, seed, processes, overwrite))
    tell(found, voice)
    voice.result({"results": out or results, **found})
    voice.last(f"Sensitivity: {(out or results) / STEP.outputs[0]}")


def step(results: Path, out: Path, study: Path | None, wanted: Wanted, session: Session) -> dict[str, Any]:
    """Analyse into ``out`` and leave a manifest; what was found. Finished work is not repeated, unfinished goes on."""
    files = [study] if study else []
    return STEP.run(results, out, files, asdict(wanted), session, lambda: _compute(results, out, study, wanted, session))


def tell(found: dict[str, Any], voice: Voice) -> None:
    columns = ("parameter", *(f"{e['label']} ({e['unit']})" for e in found["endpoints"]))
    rows = [(p["name"], *(_cell(e["indices"][i]) for e in found["endpoints"])) for i, p in enumerate(found["parameters"])]
    voice.table("Total Sobol index ± 95 % confidence, first-order index in brackets", columns, rows)
    for e in found["endpoints"]:
        voice.say(e["sentence"])
    voice.say(found["note"])


def _cell(index: dict[str, Any]) -> str:
    if index["total"] is None:
        return "-"
    return f"{index['total']:.2f} ± {index['total_confidence']:.2f} ({index['first']:.2f})"


def _compute(results: Path, out: Path, study: Path | None, wanted: Wanted, session: Session) -> dict[str, Any]:
    from calibration.calibration import load_calibration
    from scenarios.cli.arm import named_arm
    from scenarios.cli.compiled import announce
    from scenarios.sensitivity import sensitivity as run

    announce(session.voice)
    twin = load_calibration(results)
    return run(
        twin,
        out,
        arm=named_arm(twin, wanted.arm, study),
        names=wanted.endpoints,
        samples=wanted.samples,
        over=wanted.over,
        horizon_day=wanted.horizon_day,
        processes=session.processes,
        seed=session.seed,
        accuracy=wanted.accuracy,
        progress=session.voice.progress,
    )
