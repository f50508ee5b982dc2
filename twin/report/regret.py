"""What choosing each option could cost against the best of the same course, and what one more scan would be worth."""

from __future__ import annotations

from typing import Any

from twin.report import numbers as n
from twin.report.results import Results

WORTH_ML = 0.1
"""Where knowing everything before choosing saves less than this on average, no scan is worth a row."""


def regret_table(results: Results) -> dict[str, Any] | None:
    """The study's ranking in rows; None where the study ranks nothing."""
    found = (results.study or {}).get("ranking")
    if not found:
        return None
    labels, scans = {a["id"]: a["label"] for a in results.arms}, found.get("waiting", [])
    options = [o for o in found["options"] if o["arm"] in labels]
    return {
        "draws": found["draws"],
        "sentence": found["sentence"],
        "rows": [_row(o, labels[o["arm"]]) for o in sorted(options, key=lambda o: o["regret"]["mean"])],
        "scans": [_scan(s) for s in scans if s["perfect_ml"] >= WORTH_ML],
        "settled": bool(scans) and all(s["perfect_ml"] < WORTH_ML for s in scans),
    }


def _row(option: dict[str, Any], label: str) -> dict[str, str]:
    regret = option["regret"]
    return {
        "label": label,
        "best": n.share(option["probability_best"]),
        "mean": n.volume(regret["mean"]),
        "high": n.volume(regret["high"]),
    }


def _scan(scan: dict[str, Any]) -> dict[str, str]:
    error = scan.get("error_ml")
    give = "" if not error else f"± {n.volume(1.645 * error)}"
    return {
        "day": n.day(scan["scan_day"]),
        "value": n.volume(scan["value_ml"]),
        "give": give,
        "perfect": n.volume(scan["perfect_ml"]),
    }
