"""The track record that a ledger tells: one row a forecast and visit, and what it comes to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from calibration.ledger.chain import Ledger, Record
from calibration.ledger.score import LEVELS, VISIBLE
from twin import RESEARCH_USE_ONLY
from twin.store import save_json

TRACK = "track-record.json"


def track_record(records: Sequence[Record]) -> dict[str, Any]:
    """Rows, remarks and a summary, as plain values.

    ``scores``: forecast (or person's forecast) number, role where a person made it, days and volumes (mL) observed and
    predicted, intervals, CRPS, CCC, Dice; ``arm`` where it is of an option that was taken. ``forecasts``: what was said of
    each kept day, ``options``: of each arm. ``remarks``: notes and overrides. ``summary``: how many intervals of each level
    held the observed volume (``cells``: the cells counted in the lesion), the mean absolute error in per cent and the mean
    CRPS against that of "no change", over the twin's forecasts that were scored, options apart.
    """
    rows = [_row(r.content, records) for r in records if r.kind == "score"]
    return {
        "notice": RESEARCH_USE_ONLY,
        "head": records[-1].hash if records else "",
        "records": len(records),
        "forecasts": [_forecast(r) for r in records if r.kind == "forecast"],
        "options": [_option(r) for r in records if r.kind == "option"],
        "scores": rows,
        "remarks": [{"number": r.number, "kind": r.kind, "made": r.made, **r.content} for r in records if r.kind in REMARKS],
        "summary": summary([r for r in rows if not (r["role"] or r["arm"])]),
    }


REMARKS = ("note", "override")


def summary(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What the rows of a twin's forecasts come to."""
    if not rows:
        return {"scored": 0}
    held = {str(level): sum(r["inside"][str(level)] for r in rows) for level in LEVELS}
    cells = [r["burden"] for r in rows if (r["burden"] or {}).get("of") == VISIBLE]
    errors = [abs(r["error_percent"]) for r in rows if r["error_percent"] is not None]
    return {
        "scored": len(rows),
        "inside": held,
        "mean_absolute_error_percent": float(np.mean(errors)) if errors else None,
        "mean_crps_ml": float(np.mean([r["crps_ml"] for r in rows])),
        "mean_crps_no_change_ml": float(np.mean([r["crps_no_change_ml"] for r in rows])),
        "cells": {"scored": len(cells), "inside": {str(n): sum(c["inside"][str(n)] for c in cells) for n in LEVELS}},
    }


def sentences(track: Mapping[str, Any]) -> list[str]:
    """The summary in words, and what was said of the options that were taken."""
    words = [*_summed(track), *(_taken(row) for row in track["scores"] if row["arm"]), *_nothing_taken(track)]
    if any(r["retrospective"] for r in track["scores"]):
        words.append("Scores marked 'in retrospect' are of scans that were there, but held out, when the forecast was made.")
    return words


def _summed(track: Mapping[str, Any]) -> list[str]:
    found = track["summary"]
    if not found["scored"]:
        return [f"{len(track['forecasts'])} forecast(s) on record; none has met a later visit yet."]
    n, held = found["scored"], found["inside"]
    return [
        f"{n} forecast(s) scored: the observed volume lay inside the 90 % interval in {held['90']} of {n}, inside the "
        f"80 % interval in {held['80']}, inside the 50 % interval in {held['50']}.",
        f"Mean CRPS {found['mean_crps_ml']:.2f} mL, {found['mean_crps_no_change_ml']:.2f} mL for no change.",
        *_counted(found["cells"]),
    ]


def _counted(cells: Mapping[str, Any]) -> list[str]:
    """How the cells did, where any were scored."""
    n, held = cells["scored"], cells["inside"]
    told = (
        f"Cells in the visible lesion, {n} scored: inside the 90 % interval in {held['90']}, inside the 50 % interval in "
        f"{held['50']}. These intervals hold the errors of the scan that counts them: its image's scale (ADC, uptake) and "
        "the drawn border."
    )
    return [told] if n else []


def _nothing_taken(track: Mapping[str, Any]) -> list[str]:
    """Where options were compared and a scan has come since, but none of them is what was given."""
    compared = max((o["decision_day"] for o in track["options"]), default=None)
    since = [row for row in track["scores"] if compared is not None and row["day"] > compared and not row["retrospective"]]
    if not since or any(row["arm"] for row in since):
        return []
    return [
        f"The treatments given since day {compared:g} agree with no option compared then; name the one that was meant with "
        "`oncotwin update CASE --arm ARM`."
    ]


def _taken(row: Mapping[str, Any]) -> str:
    """What was said of an option that was taken, and what came."""
    low, high = row["intervals_ml"]["90"]
    held = "inside" if row["inside"]["90"] else "outside"
    other = "" if row["as_given"] else "; the treatments given differ from it"
    return (
        f"Option “{row['label']}”, compared on day {row['decision_day']:g}: {row['median_ml']:.1f} mL (90 % interval "
        f"{low:.1f} to {high:.1f}) were forecast for day {row['day']:g}; {row['observed_ml']:.1f} mL came, {held} it{other}."
    )


def save_track(ledger: Ledger) -> dict[str, Any]:
    """Write ``track-record.json`` and its picture (SVG and PNG) beside the ledger; the record."""
    from twin.visual.track_record import save_picture

    track = track_record(ledger.records())
    save_json(ledger.folder / TRACK, track)
    save_picture(track, Path(ledger.folder))
    return track


def _row(content: Mapping[str, Any], records: Sequence[Record]) -> dict[str, Any]:
    number = content.get("forecast") or content["override"]
    source, volume = records[number - 1], content["volume"]
    return {
        "number": number,
        "role": source.content.get("role", ""),
        "arm": source.content.get("arm", ""),
        "label": source.content.get("label", ""),
        "as_given": content.get("as_given", True),
        "made": source.made,
        "decision_day": source.content.get("decision_day"),
        "visit": content["visit"],
        "day": content["day"],
        "observed_ml": volume["observed"],
        "median_ml": volume["median"],
        "intervals_ml": volume.get("intervals", {}),
        "inside": volume.get("inside", {}),
        "error_percent": volume["error_percent"],
        "crps_ml": volume["crps"],
        "crps_no_change_ml": volume.get("crps_no_change"),
        "burden": content.get("burden"),
        "ccc": content.get("maps", {}).get("ccc"),
        "dice": content.get("maps", {}).get("dice"),
        "retrospective": content.get("retrospective", False),
    }


def _option(record: Record) -> dict[str, Any]:
    made = record.content
    shown = ("arm", "label", "words", "decision_day", "days")
    return {"number": record.number, "made": record.made, **{k: made[k] for k in shown}, "volume_ml": _bands(made)}


def _bands(made: Mapping[str, Any]) -> dict[str, list[float]]:
    """Quantiles of the volume on every kept day."""
    draws = [np.array([v for v in row if v is not None]) for row in made["volume_ml"]]
    bands = np.array([np.quantile(d, [0.05, 0.25, 0.5, 0.75, 0.95]) for d in draws])
    return {name: bands[:, k].tolist() for k, name in enumerate(("q05", "q25", "q50", "q75", "q95"))}


def _forecast(record: Record) -> dict[str, Any]:
    made = record.content
    return {
        "number": record.number,
        "made": record.made,
        "command": made["command"],
        "model": made["model"],
        "decision_day": made["decision_day"],
        "last_volume_ml": made["last_volume_ml"],
        "days": made["days"],
        "volume_ml": _bands(made),
        "posterior": made["posterior"],
    }
