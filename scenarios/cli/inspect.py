"""``oncotwin inspect``: what a patient folder holds, in words."""

from __future__ import annotations

import typer

from scenarios.cli.inputs import case_file
from scenarios.cli.options import Case, Debug, Json, Quiet
from scenarios.cli.voice import Voice
from twin.errors import DataRefused


def inspect(case: Case, json: Json = False, quiet: Quiet = False, debug: Debug = False) -> None:
    """Say in words what a case holds: visits, grids, labels, volumes, treatments, and every problem with its remedy."""
    path = case_file(case)
    from twin.case import inspect_case

    voice = Voice(json, quiet)
    found = inspect_case(path)
    for line in found.lines:
        voice.say(str(line))
    for problem in found.problems:
        voice.say(f"\nProblem: {problem}")
    voice.result(found.as_json())
    if found.problems:
        voice.last(f"\n{len(found.problems)} problem(s) to mend.")
        raise typer.Exit(DataRefused.exit_code)
    voice.last("No problem found.")
