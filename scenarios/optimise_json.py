"""What an optimisation was asked, and what it found, in words and numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import xarray as xr

from calibration.pareto_search import Knob, Scored, Tried
from scenarios.arms import Arm
from scenarios.conclusion import number
from scenarios.differences import HIGHER, LEVEL, LOWER, paired
from scenarios.endpoint import endpoints
from scenarios.optimise_costs import Ahead, Bounds
from scenarios.optimise_knobs import DRUGS, Ranges, knobs
from scenarios.organs import UNIFORM
from scenarios.organs_tolerance import Limit
from scenarios.pareto import COMPLICATION, LATE_DOSE, non_dominated, tells_organs_apart
from scenarios.prepare import MARGIN_PERCENT
from scenarios.schedule import in_words
from scenarios.simulated import Setup
from twin import RESEARCH_USE_ONLY
from twin.patient import Patient

NSGA = {
    "nsga2": "Deb K, et al. IEEE Trans Evol Comput 2002;6:182-197",
    "nsga3": "Deb K, Jain H. IEEE Trans Evol Comput 2014;18:577-601",
}

MEAN = "mean cell burden from the decision to the horizon"


@dataclass(frozen=True)
class Search:
    """How to search: candidates, draws they are judged on, NSGA-II or III, the ranges, the limits (organ -> Gy EQD2)."""

    evaluations: int = 96
    draws: int = 8
    sampler: str = "nsga2"
    ranges: Ranges = field(default_factory=Ranges)
    limits: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Asked:
    """The arm that is varied, the search, the days and draws of the comparison, the organ limits and the seed."""

    base: Arm
    search: Search
    setup: Setup
    limits: Mapping[str, Limit]
    seed: int

    @cached_property
    def knobs(self) -> list[Knob]:
        return knobs(self.base.plan_after, self.search.ranges)

    def bounds(self, patient: Patient) -> Bounds:
        whole = patient.treatments.before(self.setup.timeline.decision_day) + self.base.plan_after
        return Bounds(patient, self.limits, tells_organs_apart(patient, [whole]))


def summary(
    asked: Asked, patient: Patient, tried: Sequence[Tried], front: Sequence[Tried], every: Ahead, burden: np.ndarray
) -> dict[str, Any]:
    """Everything for ``optimise.json``; ``burden`` (option, draw): the arm as it is, then the front."""
    bounds, times = asked.bounds(patient), asked.setup.timeline
    options = _options(asked, front, every, burden, bounds)
    scored = [t.score for t in tried if isinstance(t.score, Scored)]
    return {
        "notice": RESEARCH_USE_ONLY,
        "arm": asked.base.id,
        "words": asked.base.words,
        "decision_day": times.decision_day,
        "horizon_day": times.horizon_day,
        "varied": [asdict(k) for k in asked.knobs],
        "limits": [{"organ": name, "kind": limit.words, **asdict(limit)} for name, limit in asked.limits.items()],
        "axes": {
            "burden": {"label": MEAN, "unit": "mL"},
            "radiation": {"label": COMPLICATION, "unit": "1"} if bounds.by_organ else {"label": LATE_DOSE, "unit": "Gy"},
            "drugs": {"label": "drugs, in reference doses", "unit": "1"},
        },
        "candidates": len(tried),
        "within_limits": sum(s.feasible for s in scored),
        "failed": len(tried) - len(scored),
        "search_draws": asked.search.draws,
        "draws": int(burden.shape[1]),
        "as_it_is": options[0],
        "front": options[1:],
        "sentences": _sentences(options, bounds, asked),
        "notes": list(asked.base.notes),
        "citations": [NSGA[asked.search.sampler], *sorted({limit.citation for limit in asked.limits.values()})],
    }


def _options(asked: Asked, front: Sequence[Tried], every: Ahead, burden: np.ndarray, bounds: Bounds) -> list[dict[str, Any]]:
    plans = [every.plan(v) for v in (None, *(t.values for t in front))]
    fixed = np.array([bounds.costs(plan, 0.0, True)[1:] for plan in plans])
    often = _on_front(burden[1:], fixed[1:]) if front else np.zeros(0)
    found = []
    for i, plan in enumerate(plans):
        low, middle, high = np.nanpercentile(burden[i], (LEVEL[0], 50.0, LEVEL[1]))
        rest = plan.from_day(asked.setup.timeline.decision_day)
        one: dict[str, Any] = {
            "words": in_words(rest),
            "burden": {"median": middle, "low": low, "high": high},
            "radiation": fixed[i, 0],
            "drugs": fixed[i, 1],
            "beyond_limits": bounds.exceeded(plan),
        }
        if i:
            one |= {"values": front[i - 1].values, "probability_on_front": float(often[i - 1])}
            one["against_as_it_is"] = paired(burden[i], burden[0], endpoints["burden"], MARGIN_PERCENT / 100.0)
        found.append(one)
    return found


def _on_front(burden: np.ndarray, fixed: np.ndarray) -> np.ndarray:
    """How often over the draws each option is on the front; draws that failed for one of them are left out."""
    draws = burden[:, np.isfinite(burden).all(axis=0)].T
    if not len(draws):
        return np.full(len(burden), np.nan)
    return np.mean([non_dominated(np.column_stack([one, fixed])) for one in draws], axis=0)


def _sentences(options: Sequence[dict[str, Any]], bounds: Bounds, asked: Asked) -> list[str]:
    base, front = options[0], options[1:]
    told = [f"As it is (“{asked.base.label}”): {MEAN} {_burden(base)}."]
    if not front:
        told.append("No candidate keeps every limit: widen the ranges, or look at the limits.")
    for verdict, word in ((LOWER, "less"), (HIGHER, "more")):
        count = sum(o["against_as_it_is"].get("verdict") == verdict for o in front)
        if count:
            told.append(
                f"{count} of {len(front)} options of the front leave {word} than that by a clinically meaningful margin."
            )
    if front and all(o["against_as_it_is"].get("verdict") not in (LOWER, HIGHER) for o in front):
        told.append("No option of the front can be told apart from it by a clinically meaningful margin.")
    if base["beyond_limits"]:
        told.append(f"The arm as it is exceeds the limit of {', '.join(base['beyond_limits'])}.")
    told += [] if bounds.by_organ else [UNIFORM]
    return [*told, "Only burden, dose and drugs are weighed: which of the front to prefer is a question for people."]


def _burden(option: Mapping[str, Any]) -> str:
    b = option["burden"]
    return f"{number(b['median'])} mL (90 % interval {number(b['low'])} to {number(b['high'])})"


def table(asked: Asked, tried: Sequence[Tried], front: Sequence[Tried], burden: np.ndarray) -> xr.Dataset:
    """Every candidate with its values, median burden, radiation and drugs, and the burdens of the front on every draw."""
    names, count = [k.name for k in asked.knobs], 3 if any(k.name == DRUGS for k in asked.knobs) else 2
    nothing = (np.nan,) * count
    costs = [t.score.costs if isinstance(t.score, Scored) else nothing for t in tried]
    return xr.Dataset(
        {
            "value": (("candidate", "knob"), [[t.values[n] for n in names] for t in tried]),
            "cost": (("candidate", "axis"), costs),
            "within_limits": ("candidate", [isinstance(t.score, Scored) and t.score.feasible for t in tried]),
            "burden_ml": (("option", "draw"), burden, {"units": "mL", "long_name": MEAN}),
        },
        coords={
            "candidate": np.arange(len(tried)),
            "knob": ("knob", names, {"units": ", ".join(k.unit for k in asked.knobs)}),
            "axis": ["burden", "radiation", "drugs"][:count],
            "option": ["as-it-is", *(f"front-{i + 1}" for i in range(len(front)))],
            "draw": np.arange(burden.shape[1]),
        },
        attrs={"notice": RESEARCH_USE_ONLY, "arm": asked.base.id},
    )
