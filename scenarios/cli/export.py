"""``oncotwin export``: predictions back to the hospital as DICOM, and as NIfTI."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scenarios.cli.options import Debug, Json, Quiet, Results
from scenarios.cli.voice import Voice

Study = Annotated[Path, typer.Option("--dicom", metavar="STUDY", help="The DICOM study of the baseline scan.")]
ExportOut = Annotated[Path, typer.Option("--out", "-o", metavar="FOLDER", help="The new folder to write.")]
Arms = Annotated[
    list[str] | None, typer.Option("--arm", metavar="ARM", help="An arm to export (repeat), or all; default: the reference.")
]
Research = Annotated[bool, typer.Option("--research", help="Write no identity: the source images are rebuilt without it.")]


def export(
    results: Results,
    dicom: Study,
    out: ExportOut,
    arm: Arms = None,
    research: Research = False,
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Write predicted contours and maps onto the study's series: SEG, RTSTRUCT, parametric map, SR, and NIfTI."""
    from twin.imaging.dicom import export_results

    voice = Voice(json, quiet)
    mode = "research" if research else "hospital"
    written = export_results(results, dicom, out, mode, voice.progress, arms=arm or None)
    for line in written.lines:
        voice.say(line)
    voice.result(written.as_json())
    voice.last(str(out))
