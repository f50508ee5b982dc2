"""``oncotwin fuzz``: damaged files against the readers."""

from __future__ import annotations

import dataclasses
from typing import Annotated

import typer

from scenarios.cli import options as o
from scenarios.cli.voice import Voice
from twin.errors import OncotwinError, UsageError

Kinds = Annotated[
    list[str] | None, typer.Argument(metavar="KIND...", help="Kinds of file: nifti, seg, rtdose ...; default: all.")
]
Count = Annotated[int, typer.Option("--count", min=1, help="Damaged files of each kind.")]
First = Annotated[int, typer.Option("--from", min=0, help="The number of the first one: an interrupted run goes on there.")]


def fuzz(
    kind: Kinds = None,
    count: Count = 1000,
    first: First = 0,
    seed: o.Seed = 0,
    json: o.Json = False,
    quiet: o.Quiet = False,
    debug: o.Debug = False,
) -> None:
    """Show damaged image files to the readers: each is read sanely or refused in words, within 5 s and 1 GB."""
    from twin.imaging.fuzz import fuzz as attack
    from twin.imaging.fuzz_targets import TARGETS
    from twin.registry import unknown

    voice = Voice(json, quiet)
    for name in kind or ():
        if name not in TARGETS:
            raise UsageError(unknown("kind of file", name, list(TARGETS)), remedy=f"known: {', '.join(TARGETS)}")
    outcomes = []
    for name in kind or TARGETS:
        outcomes.append(attack(name, count, seed, voice.progress, first=first))
        voice.say(str(outcomes[-1]))
    voice.result({"seed": seed, "kinds": [dataclasses.asdict(outcome) for outcome in outcomes]})
    broken = sum(len(outcome.findings) for outcome in outcomes)
    voice.last(f"{sum(o.count for o in outcomes)} damaged files, {broken} findings.")
    if broken:
        raise typer.Exit(OncotwinError.exit_code)
