"""``scenarios.json``: the arms as understood, the comparisons, the conclusion in words, and what failed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import xarray as xr

from scenarios.adaptive import SWITCH_DAY
from scenarios.arms import Arm
from scenarios.categories import response, response_sentence
from scenarios.conclusion import conclude, limits, progression_sentence, volume_sentence
from scenarios.differences import LEVEL, at_decision, at_horizon, differences, unranked
from scenarios.endpoint import endpoints
from scenarios.organs_json import dose_block, infiltration_block, warnings
from scenarios.pareto import trade_off
from scenarios.prepare import Comparison
from scenarios.radiobiology import alpha_beta_gy
from scenarios.ranking import ranking
from scenarios.received import Received, received
from scenarios.schedule import in_words, schedule, totals
from scenarios.trust import missed_scan
from solvers.simulate import Failure
from twin import RESEARCH_USE_ONLY
from twin.patient import Patient
from twin.treatment import Plan


def summarise(
    data: xr.Dataset, comparison: Comparison, patient: Patient, failed: Mapping[tuple[str, int], Failure]
) -> dict[str, Any]:
    """Everything a reader of the comparison needs besides the curves and maps."""
    times = comparison.setup.timeline
    compared = differences(data, comparison)
    missed = missed_scan(at_decision(data, comparison), patient)
    if missed:
        compared = unranked(compared)
    arms = [_arm(arm, data, comparison, patient) for arm in comparison.setup.arms]
    return {
        "notice": RESEARCH_USE_ONLY,
        "result_hash": data.attrs["result_hash"],
        "reference": comparison.reference,
        "decision_day": times.decision_day,
        "horizon_day": times.horizon_day,
        "scan_days": list(times.scans),
        "draws": len(comparison.draws),
        "interval_percent": LEVEL[1] - LEVEL[0],
        "margin_percent": 100.0 * comparison.margin,
        "arms": arms,
        "comparisons": compared,
        "ranking": None if missed else ranking(data, comparison),
        "trade_off": None if missed else trade_off(data, comparison, patient),
        "conclusion": [
            *conclude(data, comparison, compared, patient, len(failed), missed),
            *(said for arm in arms for one in arm["received"] or [arm] for said in warnings(arm["label"], one["dose"])),
        ],
        "limits": limits(comparison, patient, len(failed)),
        "failed": [{"arm": arm, "draw": draw, **asdict(failed[arm, draw])} for arm, draw in sorted(failed)],
        "citations": sorted({endpoints[name].citation for name in comparison.names} - {""}),
    }


def _arm(arm: Arm, data: xr.Dataset, comparison: Comparison, patient: Patient) -> dict[str, Any]:
    """One arm: its schedule from the decision day on; totals count what was given before, too. Where it adapts, they are
    those of the treatment that most draws were given, and ``received`` has them of each."""
    categories = response(data, arm, patient)
    ratio = alpha_beta_gy(patient.site)
    given = patient.treatments.before(comparison.setup.timeline.decision_day)
    courses = received(arm, data)
    most = courses[0]
    return {
        "id": arm.id,
        "label": arm.label,
        "words": arm.words,
        "notes": list(arm.notes),
        "schedule": schedule(arm.plan_after),
        **totals(given + most.plan, ratio),
        "alpha_beta_gy": ratio,
        "after_decision": totals(most.plan, ratio),
        "received": [_received(one, given, patient) for one in courses] if arm.rules else [],
        "varied": dict(arm.varied),
        "sentences": [s for s in (*_sentences(arm, data), _rule_sentence(arm, data), response_sentence(categories)) if s],
        "endpoints": _endpoints(arm, data, comparison),
        "response": categories,
        "dose": dose_block(patient, given + most.plan, most.share),
        "infiltration": infiltration_block(arm.id, data),
    }


def _received(one: Received, given: Plan, patient: Patient) -> dict[str, Any]:
    """One of the treatments that the courses of an adapting arm were given, what was given before the decision included."""
    ratio = alpha_beta_gy(patient.site)
    return {
        "share": one.share,
        "rule": one.rule,
        "switch_day": one.switch_day,
        "words": in_words(one.plan),
        **totals(given + one.plan, ratio),
        "after_decision": totals(one.plan, ratio),
        "dose": dose_block(patient, given + one.plan, one.share),
    }


def _sentences(arm: Arm, data: xr.Dataset) -> list[str]:
    return [volume_sentence(arm.id, arm.label, data), progression_sentence(arm.id, arm.label, data)]


def _rule_sentence(arm: Arm, data: xr.Dataset) -> str:
    """In how many of the draws a rule was followed, and when."""
    if not arm.rules:
        return ""
    days = data[SWITCH_DAY].sel(arm=arm.id).values
    days = days[np.isfinite(days)]
    share = 100 * len(days) / data.sizes["draw"]
    when = f", at the scans of day {', '.join(f'{day:g}' for day in np.unique(days))}" if len(days) else ""
    return f"Under “{arm.label}” a rule was followed in {share:.0f} % of the simulated courses{when}."


def _endpoints(arm: Arm, data: xr.Dataset, comparison: Comparison) -> list[dict[str, Any]]:
    """Median and 90 % interval of each endpoint at the horizon, null where the arm has none; ``share`` of the draws in which
    it was reached at all."""
    names = [n for n in comparison.names if endpoints[n].variable in data]
    return [endpoint_summary(n, arm, data) for n in names if "organ" not in data[endpoints[n].variable].dims]


def endpoint_summary(name: str, arm: Arm, data: xr.Dataset) -> dict[str, Any]:
    e = endpoints[name]
    values = at_horizon(data, e).sel(arm=arm.id).values
    reached = np.isfinite(data[e.variable].sel(arm=arm.id).values)
    values = values[np.isfinite(values)]
    low, middle, high = np.percentile(values, (LEVEL[0], 50.0, LEVEL[1])) if values.size else (None, None, None)
    share = float(reached.mean()) if reached.ndim == 1 else 1.0
    told = {"endpoint": name, "label": e.label, "unit": e.unit}
    return {**told, "median": middle, "low": low, "high": high, "share": share}
