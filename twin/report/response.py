"""Response categories of every option at every scan, with the rule that gave them."""

from __future__ import annotations

from typing import Any

from twin.report import numbers as n
from twin.report.results import Results

KINDS = {"CR": "good", "PR": "good", "MR": "good", "SD": "level", "PD": "bad"}
"""How a category is tinted; its letters are always beside the tint."""


def response_table(results: Results) -> dict[str, Any] | None:
    """Scheme, scan days and one row an option; None where the study assessed nothing, and where the twin misses the last
    scan: its categories would start from a tumour that is not there."""
    arms = [a for a in results.arms if a.get("response")]
    if not arms or results.is_refuted:
        return None
    first = arms[0]["response"]
    days = sorted({float(s["day"]) for a in arms for s in a["response"]["scans"]})
    return {
        "criteria": first["criteria"],
        "measure": first["measure"],
        "citation": first["citation"],
        "days": [n.day(d) for d in days],
        "rows": [{"label": a["label"], "id": a["id"], "cells": [_cell(a["response"], d) for d in days]} for a in arms],
    }


def _cell(response: dict[str, Any], day: float) -> dict[str, Any]:
    scan = next((s for s in response["scans"] if abs(float(s["day"]) - day) < 1e-6), None)
    if scan is None:
        return {"shares": [], "rule": "", "numbers": ""}
    ordered = sorted(scan["shares"].items(), key=lambda pair: -pair[1])
    typical = scan.get("typical") or {}
    shares = [
        {"category": c, "share": n.share(p), "width": round(100 * p, 1), "kind": KINDS.get(c, "none")} for c, p in ordered
    ]
    return {"shares": shares, "rule": str(typical.get("rule", "")), "numbers": _numbers(typical, response["unit"])}


def _numbers(typical: dict[str, Any], unit: str) -> str:
    """What the rule was applied to in the typical course: size, change from baseline and from nadir."""
    parts = [] if typical.get("size") is None else [f"{n.number(typical['size'])} {unit}"]
    for key, words in (("from_baseline_percent", "from baseline"), ("from_nadir_percent", "from nadir")):
        if typical.get(key) is not None and typical.get("category") not in ("baseline", "before baseline"):
            parts.append(f"{n.signed(n.percent(typical[key]))} {words}")
    return ", ".join(parts)
