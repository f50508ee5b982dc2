"""``oncotwin verify``: what the solvers promise, measured."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scenarios.cli import options as o
from scenarios.cli.voice import Voice
from twin.errors import OncotwinError

TableFolder = Annotated[Path, typer.Option("--out", "-o", metavar="FOLDER", help="Where the table is saved.")]
Thorough = Annotated[bool, typer.Option("--full", help="Fine grids and many draws: tens of minutes instead of a few.")]


def verify(
    out: TableFolder = Path("verification"),
    full: Thorough = False,
    json: o.Json = False,
    quiet: o.Quiet = False,
    debug: o.Debug = False,
) -> None:
    """Measure orders of convergence, conservation and known limits of every engine; print and save the table."""
    from scenarios.cli.compiled import announce
    from solvers.verify import verify as measure
    from twin.provenance import Manifest

    voice = Voice(json, quiet)
    announce(voice)
    manifest = Manifest("verify", {"full": full})
    table = measure(quick=not full, out=out, progress=voice.progress)
    manifest.write(out)
    for row in table.rows:
        voice.say(row.line())
    voice.result({"passed": table.passed, "rows": len(table.rows), "failed": [row.line() for row in table.failed]})
    voice.last(f"{len(table.rows) - len(table.failed)} of {len(table.rows)} checks passed: {out / 'verification.md'}")
    if not table.passed:
        raise typer.Exit(OncotwinError.exit_code)
