"""How earlier forecasts of this patient did: the track record that the ledger wrote beside the results."""

from __future__ import annotations

from typing import Any

from twin.report import numbers as n
from twin.report.tables import two


def record_table(track: dict[str, Any] | None, later: str = "scan") -> dict[str, Any] | None:
    """Scores of earlier forecasts, remarks, and what they come to; None where no forecast is on record.

    ``later`` is what a forecast is held against, in words.
    """
    if not track or not (track.get("forecasts") or track.get("scores")):
        return None
    return {
        "later": later,
        "of_maps": any(score.get("ccc") is not None for score in track.get("scores", [])),
        "verdict": _verdict(track, later),
        "rows": [_row(score) for score in track.get("scores", [])],
        "remarks": [_remark(r) for r in track.get("remarks", [])],
        "head": str(track.get("head", ""))[:16],
    }


def _verdict(track: dict[str, Any], later: str) -> str:
    found = track.get("summary") or {}
    scored, made = found.get("scored", 0), len(track.get("forecasts", []))
    if not scored:
        return f"{made} forecast{'s' if made != 1 else ''} on record; none has met a later {later} yet."
    words = f"{found['inside']['90']} of {scored} scored forecasts held the observed volume in their 90 % interval"
    words += f", {found['inside']['50']} in their 50 % interval"
    mine, simple = (n.number(found[key]) for key in ("mean_crps_ml", "mean_crps_no_change_ml"))
    return f"{words}. Mean CRPS {mine} mL; {simple} mL for “no change”."


def _row(score: dict[str, Any]) -> dict[str, Any]:
    low, high = (score.get("intervals_ml") or {}).get("90", (None, None))
    inside = (score.get("inside") or {}).get("90")
    return {
        "number": score["number"],
        "by": score.get("role") or (f"option {score['arm']}" if score.get("arm") else "twin"),
        "made": str(score.get("made", ""))[:10],
        "from_day": n.day(score.get("decision_day")),
        "visit": score["visit"],
        "day": n.day(score["day"]),
        "observed": n.volume(score["observed_ml"]),
        "median": n.volume(score["median_ml"]),
        "interval": "" if low is None else f"{n.volume(low)} – {n.volume(high)}",
        "inside": None if inside is None else bool(inside),
        "error": n.signed(n.percent(score.get("error_percent"))),
        "ccc": two(score.get("ccc")),
        "retrospective": bool(score.get("retrospective")),
    }


def _remark(remark: dict[str, Any]) -> dict[str, str]:
    words = str(remark.get("text") or "")
    if remark.get("volume_ml") is not None:
        words = f"expects {n.volume(remark['volume_ml'])} mL on day {n.day(remark.get('day'))}. {words}"
    return {"made": str(remark.get("made", ""))[:10], "by": str(remark.get("role") or ""), "words": words}
