"""``oncotwin inspect``: what a patient folder holds, in words."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scenarios.cli.answer import answer
from scenarios.cli.inputs import case_files
from scenarios.cli.options import Debug, Json, Keep, Quiet
from scenarios.cli.voice import Voice
from twin.errors import DataRefused

Source = Annotated[
    Path,
    typer.Argument(metavar="CASE", help="A patient folder or case.yaml; or DICOM, a zip or tar, a BIDS tree, an image."),
]


def inspect(case: Source, out: Keep = None, json: Json = False, quiet: Quiet = False, debug: Debug = False) -> None:
    """Say in words what a case, a DICOM study, a BIDS tree or an image holds, and every problem with its remedy."""
    from twin.case import inspect_case
    from twin.case.reading import case_path
    from twin.imaging.survey import inspect_source, is_source

    voice = Voice(json, quiet)
    raw = is_source(case)
    found = inspect_source(case, voice.progress) if raw else inspect_case(case_path(case), voice.progress)
    for line in found.lines:
        voice.say(str(line))
    for problem in found.problems:
        voice.say(f"\nProblem: {problem}")
    answer(voice, "inspect", found.as_json(), out, case_files(case) if out and not raw and not found.problems else ())
    if found.problems:
        voice.last(f"\n{len(found.problems)} problem(s) to mend.")
        raise typer.Exit(DataRefused.exit_code)
    voice.last("No problem found.")
