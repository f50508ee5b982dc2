"""``oncotwin ledger``: how earlier forecasts did."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from scenarios.cli import options as o
from scenarios.cli.voice import Voice

Note = Annotated[str | None, typer.Option("--note", metavar="TEXT", help="Add a remark; no names.")]
Role = Annotated[str | None, typer.Option("--role", metavar="ROLE", help="Who remarks, by what they do: radiologist ...")]
Expect = Annotated[
    float | None, typer.Option("--expect", metavar="ML", help="Your own forecast of the volume, scored beside the twin's.")
]
OnDay = Annotated[float | None, typer.Option("--on-day", metavar="DAY", help="The day that --expect speaks of.")]
Head = Annotated[
    str | None, typer.Option("--head", metavar="HASH", help="A hash noted earlier; refused if the ledger does not hold it.")
]
COLUMNS = (
    "forecast",
    "of day",
    "for visit",
    "observed mL",
    "predicted mL",
    "90 %",
    "error",
    "CRPS",
    "in 50/80/90",
    "CCC",
    "Dice",
)


def ledger(
    case: o.Case,
    out: o.Out = Path("results"),
    note: Note = None,
    role: Role = None,
    expect: Expect = None,
    on_day: OnDay = None,
    head: Head = None,
    json: o.Json = False,
    quiet: o.Quiet = False,
    debug: o.Debug = False,
) -> None:
    """The track record as a table and a picture, after checking that nothing in it was changed; or add a remark."""
    from calibration.ledger.track import save_track, sentences

    voice = Voice(json, quiet)
    book = _opened(case, out)
    book.check(head or "")
    _remark(book, note, role, expect, on_day)
    track = save_track(book)
    voice.table("Track record", COLUMNS, [_cells(row) for row in track["scores"]])
    for remark in track["remarks"]:
        own = f", expects {remark['volume_ml']:g} mL on day {remark['day']:g}" if remark["kind"] == "override" else ""
        voice.say(f"{remark['made'][:10]}  {remark['role']}{own}: {remark['text']}")
    for sentence in sentences(track):
        voice.say(sentence)
    voice.say(f"{track['records']} records, unchanged. Note this hash elsewhere to prove it later: {track['head']}")
    voice.result(track)
    voice.last(f"Picture: {book.folder / 'track-record.png'}")


def _opened(case: Path, out: Path) -> Any:
    """The ledger of the results folder ``out``, or of ``case`` where that is itself a results folder."""
    from calibration.ledger.chain import LEDGER, Ledger
    from twin.errors import DataRefused

    folder = case if (case / LEDGER).exists() else out
    if not (folder / LEDGER).exists():
        raise DataRefused(
            f"There is no ledger in {folder}.",
            why="the first calibration starts it",
            remedy="run `oncotwin calibrate CASE`, or name its results folder with --out",
        )
    return Ledger(folder)


def _remark(book: Any, note: str | None, role: str | None, expect: float | None, on_day: float | None) -> None:
    from calibration.ledger.keeping import keep_note, keep_override
    from twin.errors import UsageError

    if (expect is None) != (on_day is None):
        raise UsageError("--expect and --on-day belong together.", remedy="give a volume in mL and the day that it is for")
    if note is None and expect is None and role is None:
        return
    if role is None or (note is None and expect is None):
        raise UsageError("A remark needs a role and a text.", remedy='give --role radiologist --note "why"')
    if expect is not None and on_day is not None:
        keep_override(book, role, note or "", on_day, expect)
    else:
        keep_note(book, role, note or "")


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    low, high = row["intervals_ml"].get("90", (None, None))
    inside = "/".join("yes" if row["inside"][k] else "no" for k in ("50", "80", "90")) if row["inside"] else ""
    return (
        row["role"] or f"{row['number']}{' ' if row['arm'] else ''}{row['arm']}",
        _number(row["decision_day"], "g"),
        f"{row['visit']} (day {row['day']:g})" + (", in retrospect" if row["retrospective"] else ""),
        _number(row["observed_ml"], ".1f"),
        _number(row["median_ml"], ".1f"),
        "" if low is None else f"{low:.1f} - {high:.1f}",
        _number(row["error_percent"], "+.0f") + " %",
        _number(row["crps_ml"], ".2f"),
        inside,
        _number(row["ccc"], ".2f"),
        _number(row["dice"], ".2f"),
    )


def _number(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)
