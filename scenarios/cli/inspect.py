"""``oncotwin inspect``: what a patient folder holds, in words."""

from __future__ import annotations

import typer

from scenarios.cli.answer import answer
from scenarios.cli.inputs import case_files
from scenarios.cli.options import Case, Debug, Json, Keep, Quiet
from scenarios.cli.voice import Voice
from twin.errors import DataRefused


def inspect(case: Case, out: Keep = None, json: Json = False, quiet: Quiet = False, debug: Debug = False) -> None:
    """Say in words what a case holds: visits, grids, labels, volumes, treatments, and every problem with its remedy."""
    from twin.case import inspect_case
    from twin.case.reading import case_path

    voice = Voice(json, quiet)
    found = inspect_case(case_path(case), voice.progress)
    for line in found.lines:
        voice.say(str(line))
    for problem in found.problems:
        voice.say(f"\nProblem: {problem}")
    answer(voice, "inspect", found.as_json(), out, case_files(case) if out and not found.problems else ())
    if found.problems:
        voice.last(f"\n{len(found.problems)} problem(s) to mend.")
        raise typer.Exit(DataRefused.exit_code)
    voice.last("No problem found.")
