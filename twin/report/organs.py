"""Organs at risk: the dose that each option gives them, what that is known to do, and when the tumour reaches them."""

from __future__ import annotations

from typing import Any

from twin.report import numbers as n
from twin.report.results import Results


def organ_table(results: Results) -> dict[str, Any] | None:
    """Rows of organs and drugs with a cell for each option; None where the study says nothing of them."""
    arms = [a for a in results.arms if a.get("dose")]
    organs = list(dict.fromkeys(o["organ"] for a in arms for o in a["dose"].get("organs", [])))
    followed = list(dict.fromkeys(o["organ"] for a in results.arms for o in a.get("infiltration") or []))
    drugs = list(dict.fromkeys(d["drug"] for a in arms for d in a["dose"].get("drugs", [])))
    if not (organs or followed or drugs):
        return None
    blocks = [b for a in arms for b in a["dose"].get("organs", [])]
    return {
        "labels": [a["label"] for a in results.arms],
        "notes": list(dict.fromkeys(a["dose"]["note"] for a in arms if a["dose"].get("note"))),
        "organs": [{"name": _words(o), "cells": [_dose(_of(a, o)) for a in results.arms]} for o in organs],
        "followed": [{"name": _words(o), "cells": [_arrival(a, o) for a in results.arms]} for o in followed],
        "drugs": [{"name": d, "cells": [_drug(a, d) for a in results.arms]} for d in drugs],
        "sources": sorted({c for b in blocks for c in b.get("citations", [])}),
        "confirm": any(b.get("confirm") for b in blocks),
    }


def _words(name: str) -> str:
    return name.replace("_", " ")


def _of(arm: dict[str, Any], organ: str) -> dict[str, Any] | None:
    return next((o for o in (arm.get("dose") or {}).get("organs", []) if o["organ"] == organ), None)


def _dose(found: dict[str, Any] | None) -> dict[str, Any] | None:
    """Mean and near-maximum dose, complication probability, and the limit with whether it is kept."""
    if found is None:
        return None
    limit = ""
    if found.get("limit_gy") is not None:
        kept = "above" if found.get("exceeded") else "within"
        limit = f"{kept} {n.number(found['limit_gy'])} Gy EQD2 {found['limit']} ({n.number(found['at_limit_gy'])})"
    risk = "" if found.get("ntcp") is None else f"{found['complication']} {n.share(found['ntcp'])}"
    return {
        "mean": n.number(found["mean_gy"]),
        "max": n.number(found["max_gy"]),
        "risk": risk,
        "limit": limit,
        "exceeded": bool(found.get("exceeded")),
    }


def _arrival(arm: dict[str, Any], organ: str) -> dict[str, str] | None:
    found = next((o for o in arm.get("infiltration") or [] if o["organ"] == organ), None)
    if found is None:
        return None
    days = found["arrival_days"]
    when = (
        ""
        if days.get("median") is None
        else f"after {n.number(days['median'])} ({n.number(days['low'])} – {n.number(days['high'])}) days"
    )
    return {"share": n.share(found["probability"]), "when": when, "part": n.share(found.get("share_at_horizon"))}


def _drug(arm: dict[str, Any], drug: str) -> dict[str, str] | None:
    found = next((d for d in (arm.get("dose") or {}).get("drugs", []) if d["drug"] == drug), None)
    if found is None:
        return None
    limit = "" if found.get("limit") is None else f"lifetime limit {n.number(found['limit'])} {_unit(found['unit'])}"
    return {
        "total": f"{n.number(found['total'])} {_unit(found['unit'])}",
        "limit": limit,
        "warning": str(found.get("sentence") or ""),
    }


def _unit(unit: str) -> str:
    from twin.report.tables import pretty_unit

    return pretty_unit(unit)
