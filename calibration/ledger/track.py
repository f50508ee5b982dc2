"""The track record that a ledger tells: one row a forecast and visit, and what it comes to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from calibration.ledger.chain import Ledger, Record
from calibration.ledger.score import LEVELS
from twin import RESEARCH_USE_ONLY
from twin.store import save_json

TRACK = "track-record.json"


def track_record(records: Sequence[Record]) -> dict[str, Any]:
    """Rows, remarks and a summary, as plain values.

    ``scores``: forecast (or person's forecast) number, role where a person made it, days and volumes (mL) observed and
    predicted, intervals, CRPS, CCC, Dice. ``forecasts``: what was said of each kept day. ``remarks``: notes and
    overrides. ``summary``: how many intervals of each level held the observed volume, the mean absolute error in per
    cent and the mean CRPS against that of "no change", over the twin's forecasts that were scored.
    """
    rows = [_row(r.content, records) for r in records if r.kind == "score"]
    return {
        "notice": RESEARCH_USE_ONLY,
        "head": records[-1].hash if records else "",
        "records": len(records),
        "forecasts": [_forecast(r) for r in records if r.kind == "forecast"],
        "scores": rows,
        "remarks": [{"number": r.number, "kind": r.kind, "made": r.made, **r.content} for r in records if r.kind in REMARKS],
        "summary": summary([r for r in rows if not r["role"]]),
    }


REMARKS = ("note", "override")


def summary(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What the rows of a twin's forecasts come to."""
    if not rows:
        return {"scored": 0}
    held = {str(level): sum(r["inside"][str(level)] for r in rows) for level in LEVELS}
    errors = [abs(r["error_percent"]) for r in rows if r["error_percent"] is not None]
    return {
        "scored": len(rows),
        "inside": held,
        "mean_absolute_error_percent": float(np.mean(errors)) if errors else None,
        "mean_crps_ml": float(np.mean([r["crps_ml"] for r in rows])),
        "mean_crps_no_change_ml": float(np.mean([r["crps_no_change_ml"] for r in rows])),
    }


def sentences(track: Mapping[str, Any]) -> list[str]:
    """The summary in words."""
    found = track["summary"]
    if not found["scored"]:
        return [f"{len(track['forecasts'])} forecast(s) on record; none has met a later visit yet."]
    n, held = found["scored"], found["inside"]
    words = [f"{n} forecast(s) scored: the observed volume lay inside the 90 % interval in {held['90']} of {n}, inside the "
             f"80 % interval in {held['80']}, inside the 50 % interval in {held['50']}."]  # fmt: skip
    words.append(f"Mean CRPS {found['mean_crps_ml']:.2f} mL, {found['mean_crps_no_change_ml']:.2f} mL for no change.")
    if any(r["retrospective"] for r in track["scores"]):
        words.append("Scores marked 'in retrospect' are of scans that were there, but held out, when the forecast was made.")
    return words


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


def _forecast(record: Record) -> dict[str, Any]:
    made = record.content
    draws = [np.array([v for v in row if v is not None]) for row in made["volume_ml"]]
    bands = np.array([np.quantile(d, [0.05, 0.25, 0.5, 0.75, 0.95]) for d in draws])
    return {
        "number": record.number,
        "made": record.made,
        "command": made["command"],
        "model": made["model"],
        "decision_day": made["decision_day"],
        "last_volume_ml": made["last_volume_ml"],
        "days": made["days"],
        "volume_ml": {name: bands[:, k].tolist() for k, name in enumerate(("q05", "q25", "q50", "q75", "q95"))},
        "posterior": made["posterior"],
    }
