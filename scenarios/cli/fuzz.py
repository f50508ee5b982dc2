"""``oncotwin fuzz``: damaged files against the readers."""

from __future__ import annotations

import dataclasses
from pathlib import Path
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

Out = Annotated[
    Path | None,
    typer.Option("--out", "-o", metavar="FOLDER", help="Keep the table there; an interrupted run goes on."),
]


def fuzz(
    kind: Kinds = None,
    count: Count = 1000,
    first: First = 0,
    seed: o.Seed = 0,
    out: Out = None,
    json: o.Json = False,
    quiet: o.Quiet = False,
    debug: o.Debug = False,
) -> None:
    """Show damaged image files to the readers: each is read sanely or refused in words, within 5 s and 1 GB."""
    from twin.imaging.fuzz import fuzz as attack
    from twin.imaging.fuzz_page import keep, kept
    from twin.imaging.fuzz_targets import TARGETS
    from twin.registry import unknown

    voice = Voice(json, quiet)
    for name in kind or ():
        if name not in TARGETS:
            raise UsageError(unknown("kind of file", name, list(TARGETS)), remedy=f"known: {', '.join(TARGETS)}")
    if out is not None and first:
        raise UsageError("--from and --out do not go together.", remedy="with --out an interrupted run goes on by itself")
    done = {} if out is None else kept(out, count, seed)
    for name in kind or TARGETS:
        if name not in done:
            done[name] = attack(name, count, seed, voice.progress, first=first)
            if out is not None:
                keep(out, count, seed, done.values())
        voice.say(str(done[name]))
    outcomes = [done[name] for name in kind or TARGETS]
    voice.result({"seed": seed, "kinds": [dataclasses.asdict(outcome) for outcome in outcomes]})
    broken = sum(len(outcome.findings) for outcome in outcomes)
    voice.last(f"{sum(outcome.count for outcome in outcomes)} damaged files, {broken} findings.")
    if broken:
        raise typer.Exit(OncotwinError.exit_code)
