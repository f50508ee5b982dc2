"""``oncotwin import``: from a PACS export to a patient folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scenarios.cli.options import Debug, Json, Quiet
from scenarios.cli.voice import Voice
from twin.errors import PartialResult, UsageError

Study = Annotated[Path, typer.Argument(metavar="STUDY", help="DICOM files (a folder, zip or tar), or a BIDS tree of NIfTI.")]
CaseOut = Annotated[Path, typer.Option("--out", "-o", metavar="CASE", help="The patient folder to write.")]
Answers = Annotated[
    Path | None, typer.Option("--mapping", metavar="YAML", help="Answers that no tag gives; an import writes mapping.yaml.")
]
Research = Annotated[bool, typer.Option("--research", help="Write no identity; shift all dates by whole weeks.")]
KeyFile = Annotated[
    Path | None,
    typer.Option(
        "--date-key", metavar="FILE", help="A secret of your site: one patient's dates then shift alike every time."
    ),
]
Faceless = Annotated[bool, typer.Option("--deface", help="Remove the face from the images of a head.")]
Again = Annotated[bool, typer.Option("--overwrite", help="Replace what an earlier import wrote there.")]


def import_(
    study: Study,
    out: CaseOut,
    mapping: Answers = None,
    research: Research = False,
    date_key: KeyFile = None,
    deface: Faceless = False,
    overwrite: Again = False,
    json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Make a patient folder (images, case.yaml) of a DICOM study; say what is there, what is odd and what must be asked."""
    from twin.imaging.dicom import import_study

    voice = Voice(json, quiet)
    mode = "research" if research else "hospital"
    key = None if date_key is None else _secret(date_key)
    found = import_study(study, out, mapping, mode, voice.progress, overwrite=overwrite, key=key, deface=deface)
    for line in found.lines:
        voice.say(line)
    for problem in found.problems:
        voice.say(f"\nProblem: {problem}")
    voice.result(found.as_json())
    if not found.complete:
        voice.last(f"\n{out / 'case.yaml'} is written; {len(found.problems)} question(s) or problem(s) are left, see above.")
        raise typer.Exit(PartialResult.exit_code)
    voice.last(str(out / "case.yaml"))


def _secret(path: Path) -> str:
    try:
        words = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        words = ""
    if len(words) < 8:
        raise UsageError("The date key is no text of at least 8 characters.", remedy="write a random line into the file")
    return words
