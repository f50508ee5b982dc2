"""The conclusion of a study of many options as a table: one line leads the page, the options are sorted by what is known."""

from __future__ import annotations

from typing import Any

from twin.report.results import Results

MANY = 8
"""From so many options on, sentences about each are told as a table."""

WORDS = {
    "lower": "Less visible tumour than the reference, by more than the margin",
    "higher": "More visible tumour than the reference, by more than the margin",
    "unclear": "Cannot be told apart from the reference",
}


def verdict_table(results: Results) -> list[tuple[str, list[str]]]:
    """(what is known, the options of which it is known); empty for few options or where nothing is compared."""
    if len(results.arms) < MANY or results.is_refuted:
        return []
    labels = {a["id"]: a["label"] for a in results.arms}
    found = [c for c in (results.study or {}).get("comparisons", []) if c["endpoint"] == "visible-volume"]
    rows = [(words, [labels[c["arm"]] for c in found if _kind(c) == kind]) for kind, words in WORDS.items()]
    rows.append(("Above the dose limit of an organ", [a["label"] for a in results.arms if _exceeds(a)]))
    return [(words, names) for words, names in rows if names]


def _kind(comparison: dict[str, Any]) -> str:
    verdict = str(comparison.get("verdict", ""))
    return verdict if verdict in ("lower", "higher") else "unclear"


def _exceeds(arm: dict[str, Any]) -> bool:
    dose = arm.get("dose") or {}
    return bool(dose.get("mapped")) and any(o.get("exceeded") for o in dose.get("organs", []))
