"""``oncotwin run``: calibrate, scenarios and report in turn."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from scenarios.cli import calibrate, report, scenarios
from scenarios.cli import options as o
from scenarios.cli.session import Session, in_session
from scenarios.cli.voice import Voice

T = TypeVar("T")


@in_session(without=())
def run(
    case: o.Case,
    out: o.Out = Path("results"),
    study: o.Study = None,
    horizon: o.Horizon = None,
    model: o.Model = calibrate.Search.model,
    effect: o.Effect = None,
    evaluations: o.Evaluations = calibrate.Search.evaluations,
    draws: o.Draws = calibrate.Search.draws,
    sampler: o.Sampler = calibrate.Search.sampler,
    engine: o.Engine = calibrate.Search.engine,
    accuracy: o.Accuracy = "fast",
    coarsen: o.Coarsen = calibrate.Search.coarsen,
    *,
    session: Session,
) -> None:
    """From a case to the report: calibrate, compare the options, draw the page."""
    effects = tuple(effect or calibrate.Search.effects)
    search = calibrate.Search(model, effects, evaluations, draws, sampler, engine, accuracy, coarsen)
    everything(case, out, search, study, scenarios.Comparison(horizon, accuracy), session)


def everything(
    case: Path,
    out: Path,
    search: calibrate.Search,
    study: Path | None,
    comparison: scenarios.Comparison,
    session: Session,
) -> None:
    """The three steps, each with its time; the last line names the report. A study that cannot be used is told first."""
    if study:
        from scenarios.study import load_study

        load_study(study)
    voice = session.voice
    seconds: dict[str, float] = {}
    fitted = timed("1/3 calibrate", seconds, voice, lambda: calibrate.step(case, out, search, session))
    calibrate.tell(fitted, voice)
    if fitted.get("form") == "volume only":
        page = timed("2/2 report", seconds, voice, lambda: report.step(out, out, session))
        voice.result({"report": page, "results": out, "seconds": seconds, "sentences": fitted["sentences"]})
        voice.last(f"Report: {page}   (sizes alone: no options are compared)")
        return
    compared = timed("2/3 scenarios", seconds, voice, lambda: scenarios.step(out, out, study, comparison, session))
    for sentence in compared.get("conclusion", []):
        voice.say(sentence)
    page = timed("3/3 report", seconds, voice, lambda: report.step(out, out, session))
    voice.result({"report": page, "results": out, "seconds": seconds, "conclusion": compared.get("conclusion", [])})
    voice.last(f"Report: {page}")
    scenarios.end(compared, voice)


def timed(title: str, seconds: dict[str, float], voice: Voice, work: Callable[[], T]) -> T:
    """Announce a stage, do it, and tell how long it took."""
    voice.note(f"[{title}]")
    start = time.monotonic()
    done = work()
    seconds[title.split()[-1]] = round(time.monotonic() - start, 1)
    voice.note(f"[{title}] done in {seconds[title.split()[-1]]:g} s")
    return done
