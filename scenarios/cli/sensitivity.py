"""``oncotwin sensitivity``: which parameter an endpoint depends on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Literal

import typer

from scenarios.cli import options as o
from scenarios.cli.from_twin import Step, Wanted
from scenarios.cli.session import Session, in_session
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
    int, typer.Option("--samples", min=4, help="A power of two; the runs are this many times (rows of the table + 2).")
]
OverName = Literal["posterior", "prior"]
Over = Annotated[OverName, typer.Option("--over", help="The distribution over which each parameter varies.")]


@dataclass(frozen=True, kw_only=True)
class Analysis(Wanted):
    endpoints: tuple[str, ...]
    samples: int
    over: OverName


@in_session(twin="results")
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
    *,
    session: Session,
) -> None:
    """Say how much of each endpoint's spread every parameter explains: Sobol indices with their confidence."""
    own: dict[str, Any] = {"endpoints": tuple(endpoint or DEFAULT), "samples": samples, "over": over}
    wanted = Analysis(arm=arm, horizon_day=horizon, accuracy=accuracy, **own)
    found = STEP.run(results, out or results, study, wanted, session, partial(_compute, wanted))
    tell(found, session.voice)
    session.voice.result({"results": out or results, **found})
    session.voice.last(f"Sensitivity: {(out or results) / STEP.outputs[0]}")


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


def _compute(wanted: Analysis, **given: Any) -> dict[str, Any]:
    from scenarios.sensitivity import sensitivity as run

    return run(names=wanted.endpoints, samples=wanted.samples, over=wanted.over, **given)
