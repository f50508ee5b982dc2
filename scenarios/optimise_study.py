"""The front of an optimisation as a study file, so that its options can be compared like any others."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from calibration.pareto_search import Tried
from scenarios.optimise_costs import Ahead
from scenarios.optimise_json import Asked
from twin import RESEARCH_USE_ONLY
from twin.drugs import drug
from twin.store import save_text
from twin.treatment import Chemotherapy, Course, Plan, Radiotherapy

HEAD = f"# {RESEARCH_USE_ONLY}\n# oncotwin scenarios RESULTS --study optimise-study.yaml compares these options.\n"


def save_study(path: Path, asked: Asked, front: Sequence[Tried], every: Ahead) -> Path | None:
    """Write the arm as it is and every option of the front; nothing where the front is empty, or where surgery or a dose
    distribution that is not the case's own is part of it: a study file could not say it."""
    import yaml

    decision = asked.setup.timeline.decision_day
    plans = [every.plan(values).from_day(decision) for values in (None, *(t.values for t in front))]
    if not front or any(plan.resections() or any(c.dose_from for c, _ in plan.fractions()) for plan in plans):
        path.unlink(missing_ok=True)
        return None
    names = ["as-it-is", *(f"front-{i}" for i in range(1, len(plans)))]
    arms = [{"id": name, "courses": written(plan)} for name, plan in zip(names, plans, strict=True)]
    arms[0]["label"] = asked.base.label
    study = {"study": 1, "horizon_day": asked.setup.timeline.horizon_day, "reference": "as-it-is", "arms": arms}
    return save_text(path, HEAD + yaml.safe_dump(study, sort_keys=False, width=120, default_flow_style=None))


def written(plan: Plan) -> list[dict[str, Any]]:
    """The courses of a plan as a study file has them; every dose on its own day."""
    return [entry for course in plan.courses for entry in _course(course)]


def _course(course: Course) -> list[dict[str, Any]]:
    if isinstance(course, Radiotherapy):
        total, first = round(course.total_gy, 6), course.fractions[0].day
        return [{"radiotherapy": f"{total:g} Gy", "fractions": len(course.fractions), "from_day": first}]
    assert isinstance(course, Chemotherapy)
    first = min(d.day for d in course.doses)
    amounts = dict.fromkeys((d.drug, d.amount) for d in course.doses)
    return [_drug(name, amount, first, course) for name, amount in amounts]


def _drug(name: str, amount: float, first: float, course: Chemotherapy) -> dict[str, Any]:
    days = [round(d.day - first) + 1 for d in course.doses if (d.drug, d.amount) == (name, amount)]
    unit = drug(name).dose_unit
    told = f"AUC {amount:.6g}" if unit == "AUC" else f"{amount:.6g} {unit}"
    return {"drug": name, "amount": told, "days": days, "from_day": first}
