"""``oncotwin new``: a commented case file to start from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scenarios.cli.options import Debug, Json, Quiet
from scenarios.cli.voice import Voice
from twin.errors import UsageError

Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="The patient folder; made if it is not there.")]
Schema = Annotated[
    bool, typer.Option("--schema", help="Also write case.schema.json, with which an editor checks case.yaml.")
]


def new(folder: Folder, schema: Schema = False, json: Json = False, quiet: Quiet = False, debug: Debug = False) -> None:
    """Write a commented case.yaml to fill in by hand."""
    from twin.case import schema_json, write_template
    from twin.store import save_json

    voice = Voice(json, quiet)
    if (folder / "case.yaml").exists():
        raise UsageError(
            f"{folder} already holds a case.yaml.", why="it would be lost", remedy="name another folder, or move it away"
        )
    written = [write_template(folder)]
    if schema:
        written.append(save_json(folder / "case.schema.json", schema_json()))
    voice.say("Fill in the file, then look at it with: oncotwin inspect " + str(folder))
    voice.result({"written": written})
    voice.last(str(written[0]))
