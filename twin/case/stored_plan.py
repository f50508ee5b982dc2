"""A plan as plain values and arrays, for files. The round trip is exact."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any

import numpy as np

from twin.treatment import Chemotherapy, Course, DrugDose, Fraction, Plan, Radiotherapy, Resection


def plan_facts(plan: Plan, arrays: MutableMapping[str, np.ndarray]) -> list[dict[str, Any]]:
    """The courses of ``plan`` for JSON; their maps and cavities (z, y, x) are added to ``arrays``, each only once."""
    return [_course_facts(course, arrays) for course in plan.courses]


def plan_of(facts: list[dict[str, Any]], arrays: Mapping[str, np.ndarray]) -> Plan:
    """The plan that :func:`plan_facts` wrote."""
    return Plan(tuple(_course(course, arrays) for course in facts))


def _course_facts(course: Course, arrays: MutableMapping[str, np.ndarray]) -> dict[str, Any]:
    if isinstance(course, Radiotherapy):
        relative = course.relative_dose
        return {
            "kind": "radiotherapy",
            "name": course.name,
            "fractions": [[f.day, f.dose_gy] for f in course.fractions],
            "relative_dose": None if relative is None else _kept("dose", relative, arrays),
            "dose_from": course.dose_from,
        }
    if isinstance(course, Chemotherapy):
        doses = [[d.day, d.drug, d.amount] for d in course.doses]
        return {"kind": "chemotherapy", "name": course.name, "doses": doses}
    cavity = _kept("cavity", np.asarray(course.cavity, bool), arrays)
    return {"kind": "resection", "day": course.day, "cavity": cavity, "margin_mm": course.margin_mm}


def _kept(kind: str, values: np.ndarray, arrays: MutableMapping[str, np.ndarray]) -> str:
    """The name of an array among ``arrays``, under which it now is if it was not."""
    known = (name for name, other in arrays.items() if other is values)
    name = next(known, f"{kind}{len(arrays)}")
    arrays[name] = values
    return name


def _course(facts: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Course:
    if facts["kind"] == "radiotherapy":
        dose = None if facts["relative_dose"] is None else arrays[facts["relative_dose"]]
        fractions = tuple(Fraction(d, gy) for d, gy in facts["fractions"])
        return Radiotherapy(fractions, dose, facts["name"], facts.get("dose_from", ""))
    if facts["kind"] == "chemotherapy":
        return Chemotherapy(tuple(DrugDose(d, drug, amount) for d, drug, amount in facts["doses"]), facts["name"])
    return Resection(facts["day"], arrays[facts["cavity"]], facts["margin_mm"])
