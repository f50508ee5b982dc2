"""Cumulative drug doses against the limits that a lifetime allows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from twin.drugs import drug
from twin.treatment import Plan


@dataclass(frozen=True)
class LifetimeLimit:
    """From ``caution`` on the harm is watched for, above ``limit`` it is not given; in the drug's own unit."""

    caution: float
    limit: float
    harm: str
    citation: str


LIFETIME = {
    "doxorubicin": LifetimeLimit(450.0, 550.0, "heart failure", "Swain SM, et al. Cancer 2003;97:2869-2879 (confirm)"),
}
"""Drugs whose lifetime dose is limited; of the others only the cycles are."""


def drug_totals(plan: Plan) -> list[dict[str, Any]]:
    """Each drug of the plan: its total, the limit where there is one, and a sentence where it is reached.

    The plan begins with the first scan: doses of an earlier disease are unknown to it and must be added by hand.
    """
    return [_total(name, sum(d.amount for d in plan.drug_doses(name))) for name in plan.drugs()]


def _total(name: str, total: float) -> dict[str, Any]:
    known, unit = LIFETIME.get(name), drug(name).dose_unit
    found: dict[str, Any] = {"drug": name, "total": round(total, 6), "unit": unit, "limit": None, "sentence": ""}
    if known is not None:
        found |= {"limit": known.limit, "caution": known.caution, "harm": known.harm, "citation": known.citation}
        found["sentence"] = _sentence(name, total, unit, known)
    return found


def _sentence(name: str, total: float, unit: str, known: LifetimeLimit) -> str:
    if total > known.limit:
        return f"{name} {total:.4g} {unit} exceeds the lifetime limit of {known.limit:g} {unit} ({known.harm})."
    if total >= known.caution:
        return f"{name} {total:.4g} {unit} is within {known.caution:g} to {known.limit:g} {unit}: watch for {known.harm}."
    return ""


def reference_doses(plan: Plan) -> float:
    """All drug of the plan in reference doses of each drug: a plain measure of how much is given."""
    return sum(d.amount / drug(d.drug).reference_dose for d in plan.drug_doses())
