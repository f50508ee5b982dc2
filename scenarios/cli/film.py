"""``oncotwin film``: the options as they may go, MP4 and GIF."""

from __future__ import annotations

from typing import Annotated

import typer

from scenarios.cli import options as o
from scenarios.cli.voice import Voice

Arm = Annotated[list[str] | None, typer.Option("--arm", metavar="ARM", help="An option to film (repeat); default: all.")]
Frames = Annotated[int, typer.Option("--frames", min=2, max=600, help="Frames from the decision to the horizon.")]


def film(
    results: o.Results,
    out: o.Elsewhere = None,
    arm: Arm = None,
    frames: Frames = 36,
    json: o.Json = False,
    quiet: o.Quiet = False,
    debug: o.Debug = False,
) -> None:
    """Film the options from the decision to the horizon: each alone and all side by side, MP4 and GIF."""
    from scenarios.cli.guard import resumable
    from twin.provenance import Manifest
    from twin.report.film import films_of, write_films

    voice = Voice(json, quiet)
    manifest = Manifest("film", {"arms": arm or "all", "frames": frames})
    with resumable("no film is left half written"):
        made = write_films(results, out, arm, frames, voice.progress)
    manifest.add_inputs(sorted(results.glob("scenarios.*")), results)
    manifest.write(out or results)
    for path in made:
        voice.say(str(path))
    voice.result(films_of(made))
    voice.last(f"Films: {made[0].parent}")
