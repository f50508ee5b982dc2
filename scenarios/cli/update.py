"""``oncotwin update``: a new visit has come."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from scenarios.cli import options as o
from scenarios.cli import sizes
from scenarios.cli.guard import resumable
from scenarios.cli.session import Session, in_session
from twin.errors import UsageError

Taken = Annotated[
    str | None,
    typer.Option("--arm", metavar="ARM", help="The option that was taken; default: those that agree with what was given."),
]


@in_session(without=("scheduler", "overwrite"), twin="out", processes=1)
def update(
    case: o.Case,
    out: o.Out = Path("results"),
    arm: Taken = None,
    draws: o.Draws = 50,
    *,
    session: Session,
) -> None:
    """Go on from an earlier calibration: score its forecast on the new visit, sharpen the posterior, forecast anew."""
    voice = session.voice
    found = step(case, out, draws, session, arm)
    for sentence in found.get("sentences", []):
        voice.say(sentence)
    for warning in found.get("warnings", []):
        voice.say(f"Note: {warning}")
    voice.result({"results": out, **found})
    if found["new_visits"]:
        voice.last(f"Updated: {out}   next: oncotwin ledger {case} --out {out}")
    else:
        voice.last(f"{out} has seen every visit of this case; the calibration was not changed.")


def step(case: Path, out: Path, draws: int, session: Session, arm: str | None = None) -> dict[str, Any]:
    """Score, sharpen, replace the calibration in ``out`` and add to its ledger; what is new. Killed, it can be run again."""
    from calibration.ledger.chain import Ledger
    from calibration.ledger.keeping import keep_forecast
    from calibration.ledger.track import save_track, sentences
    from calibration.settle import settle
    from twin.case.sizes import is_sizes
    from twin.store import load_json, missing

    settle(out)
    if not (out / "calibration.json").exists():
        raise missing(out / "calibration.json")
    with resumable(f"the calibration in {out} is as it was"):
        news = (_sizes if is_sizes(case) else _compute)(case, out, draws, session, arm)
    if (out / "manifest-update.json").exists():
        sizes.remember(case, out, "update") if is_sizes(case) else keep_forecast(out, "update")
    track = save_track(Ledger(out))
    summary = load_json(out / "calibration.json") if news else {}
    told = [*(sentences(track) if news or arm else []), *summary.get("sentences", [])]
    return {
        "new_visits": list(news),
        "head": track["head"],
        "track_record": track["summary"],
        "sentences": told,
        "warnings": summary.get("warnings", []),
    }


def _compute(case: Path, out: Path, draws: int, session: Session, arm: str | None) -> tuple[float, ...]:
    """Days of the new visits; the calibration in ``out`` is replaced where there are any."""
    from calibration.calibrate import Settings
    from calibration.settle import replace_calibration
    from calibration.update import update as run
    from scenarios.cli.compiled import announce
    from scenarios.cli.inputs import case_files
    from twin.case import load_case
    from twin.provenance import Manifest
    from twin.store import load_json

    files = case_files(case)
    known = load_json(Manifest.path(out, "calibrate"))["configuration"]
    kept = {name: known[name] for name in ("engine", "accuracy", "coarsen") if name in known}
    manifest = Manifest("update", {**kept, "draws": draws}, session.seed)
    manifest.add_inputs(files, files[0].parent)
    announce(session.voice)
    patient = load_case(files[0], session.voice.progress)
    settings = Settings(draws=draws, seed=session.seed, processes=session.processes, **kept)
    updated = run(patient, out, settings, session.voice.progress, arm)
    if updated is None:
        return ()
    manifest.cite(*updated.calibration.summary["citations"])
    replace_calibration(updated.calibration, out, manifest)
    return tuple(updated.calibration.summary["updated_with_days"])


def _sizes(case: Path, out: Path, draws: int, session: Session, arm: str | None) -> tuple[float, ...]:
    """The same for a case of sizes: scored, and calibrated on all its readings, which takes seconds."""
    from calibration.settle import fresh, put
    from scenarios.cli.calibrate import Search
    from scenarios.cli.inputs import case_files
    from twin.provenance import Manifest
    from twin.store import load_json

    if arm is not None:
        raise UsageError("Options are not compared for a case of sizes alone.", where="--arm", remedy="leave --arm out")
    news = sizes.new_readings(case, out)
    if news:
        known = load_json(Manifest.path(out, "calibrate"))["configuration"]
        search = Search(**{**known, "effects": tuple(known["effects"]), "draws": draws, "from_prior": False})
        manifest = Manifest("update", {**known, "draws": draws, "from_prior": False}, session.seed)
        files = case_files(case)
        manifest.add_inputs(files, files[0].parent)
        staging = fresh(out)
        sizes.compute(files[0], staging, search, session)
        manifest.write(staging)
        sizes.score(news, out)
        put(out)
    return tuple(s.day for s in news)
