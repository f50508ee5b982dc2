"""``oncotwin whatif``: ask a calibrated twin about a treatment in words, and see."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from scenarios.cli import options as o
from scenarios.cli.session import Session, in_session
from scenarios.cli.voice import Voice
from twin.errors import DataRefused

Words = Annotated[str | None, typer.Argument(metavar="WORDS", help="A treatment in words; without it, one question a line.")]


Margin = Annotated[
    float | None,
    typer.Option(
        "--dose-margin",
        min=0,
        max=60,
        metavar="MM",
        help="Radiotherapy without a dose distribution gets a synthetic one: the lesion's core and this margin.",
    ),
]


@in_session(without=("scheduler", "overwrite"), twin="results")
def whatif(
    results: o.Results,
    words: Words = None,
    draws: o.Draws = 50,
    horizon: o.Horizon = None,
    dose_margin: Margin = None,
    *,
    session: Session,
) -> None:
    """Ask about a treatment in words: the schedule as understood, the fan of volumes, endpoints. Nothing is written."""
    from calibration.calibration import load_calibration
    from scenarios.cli.compiled import announce
    from scenarios.cli.sizes import no_images
    from scenarios.whatif import WhatIf
    from scenarios.written_dose import DoseAround

    no_images(results, "whatif")
    voice = session.voice
    announce(voice)
    opened = WhatIf(
        load_calibration(results),
        draws=draws,
        horizon_day=horizon,
        processes=session.processes,
        seed=session.seed,
        dose_where_none=None if dose_margin is None else DoseAround(margin_mm=dose_margin),
        progress=voice.progress,
    )
    with opened as twin:
        if words is not None:
            _answer(twin, words, voice)
        else:
            _converse(twin, voice)


def _answer(twin, words: str, voice: Voice) -> None:
    from scenarios.whatif import sentences

    answer = twin.ask(words)
    for line in sentences(answer):
        voice.say(line)
    voice.result(answer.summary())
    voice.last(f"{answer.data.sizes['draw']} courses in {answer.seconds:.2f} s. Research use only.")


def _converse(twin, voice: Voice) -> None:
    """A question a line, until an empty one or the end of the input; what is refused is told, and the next one asked."""
    voice.note(
        f'Ask about a treatment from day {twin.decision_day:g} on, such as "60 Gy in 30 fractions, weekdays, from day 49".'
    )
    while True:
        if sys.stdin.isatty():
            print("what if> ", end="", file=sys.stderr, flush=True)
        question = sys.stdin.readline().strip()
        if not question:
            return
        try:
            _answer(twin, question, voice)
        except DataRefused as refused:
            print(f"Error: {refused}", file=sys.stderr, flush=True)
