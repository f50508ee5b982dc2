"""What a candidate costs, and which limits it keeps: the burden over the draws, radiation, drugs, organs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from calibration.pareto_search import Scored
from calibration.pool import Evaluate as Pool
from scenarios.criteria import WEEK
from scenarios.dose import LATE_ALPHA_BETA_GY, is_mapped
from scenarios.dose_drugs import LIFETIME, reference_doses
from scenarios.optimise_knobs import plan_of
from scenarios.organs import at_limit, limits_of, organ_eqd2, organs_at_risk
from scenarios.organs_tolerance import Limit, tolerance
from scenarios.pareto import radiation_cost
from scenarios.simulated import Calibrated, Setup
from scenarios.unlearnt import with_prior_effects
from solvers.problem import Problem, Snapshot
from solvers.simulate import Failure, solve
from twin.errors import OncotwinError, UsageError
from twin.patient import Patient
from twin.registry import unknown
from twin.treatment import Plan


@dataclass(frozen=True)
class Ahead:
    """The state of some draws on the decision day; any treatment can be simulated from it. ``given``: what went before."""

    problems: tuple[Problem, ...] = field(repr=False)
    now: tuple[Snapshot, ...] = field(repr=False)
    given: Plan
    base: Plan
    setup: Setup
    first_weekday: int

    @classmethod
    def of(cls, twin: Calibrated, setup: Setup, draws: Sequence[int]) -> Ahead:
        """Every draw that can be run to the decision day; OncotwinError if none can."""
        times, patient = setup.timeline, twin.patient
        given, found = patient.treatments.before(times.decision_day), []
        for draw in draws:
            try:
                start = twin.problem(draw, (times.decision_day,), given)
                problem = with_prior_effects(start, setup.prior_effects, twin, setup.seed, draw)
                found.append((problem, *solve(problem, setup.engine, setup.accuracy)))
            except (OncotwinError, FloatingPointError, MemoryError):
                continue
        if not found:
            raise OncotwinError(
                "No draw could be run to the decision day.", where="posterior.zarr", remedy="calibrate again"
            )
        problems, now = zip(*found, strict=True)
        return cls(problems, now, given, setup.arms[0].plan_after, setup, patient.first_weekday)

    def first(self, draws: int) -> Ahead:
        """The same of the first ``draws`` draws alone."""
        return replace(self, problems=self.problems[:draws], now=self.now[:draws])

    def plan(self, values: Mapping[str, float] | None) -> Plan:
        """The whole treatment that the values mean (None: the arm as it is), what was given before included."""
        return self.given + (self.base if values is None else plan_of(self.base, values, self.first_weekday))


def mean_burden(ahead: Ahead, item: tuple[Mapping[str, float] | None, int]) -> float:
    """Cell burden averaged over the time from the decision to the horizon (trapezoids of a week), mL, of (values, draw); NaN
    where it cannot be computed. The burden at the horizon alone would be least for whatever is given just before it."""
    values, draw = item
    now, horizon = ahead.now[draw], ahead.setup.timeline.horizon_day
    days = (*np.arange(now.day + WEEK, horizon, WEEK).tolist(), horizon)
    try:
        problem = ahead.problems[draw].continued(now, days, ahead.plan(values))
        seen = [now.burden_ml(), *(s.burden_ml() for s in solve(problem, ahead.setup.engine, ahead.setup.accuracy))]
    except (OncotwinError, FloatingPointError, MemoryError):
        return math.nan
    return float(np.trapezoid(seen, [now.day, *days]) / (horizon - now.day))


def burdens(ahead: Ahead, over: Pool, candidates: Sequence[Mapping[str, float] | None]) -> np.ndarray:
    """(candidate, draw) mean burdens, mL."""
    items = [(values, draw) for values in candidates for draw in range(len(ahead.problems))]
    return np.array(list(over(mean_burden, items))).reshape(len(candidates), len(ahead.problems))


@dataclass(frozen=True)
class Bounds:
    """The dose limits in force: of organs (EQD2) and of drugs (lifetime). Without a dose distribution only maxima hold,
    for every organ is taken to receive the prescription."""

    patient: Patient = field(repr=False)
    organs: Mapping[str, Limit]
    by_organ: bool

    def violations(self, plan: Plan) -> tuple[float, ...]:
        """By how much the plan exceeds each limit (Gy, or the drug's unit); zero or less where it keeps it."""
        return tuple(self._beyond(plan).values())

    def exceeded(self, plan: Plan) -> list[str]:
        """The organs and drugs whose limit the plan exceeds."""
        return [name for name, over in self._beyond(plan).items() if over > 0]

    def _beyond(self, plan: Plan) -> dict[str, float]:
        masks = organs_at_risk(self.patient)
        doses = {name: self._over(masks[name], name, limit, plan) for name, limit in self._in_force(plan).items()}
        totals = {name: sum(d.amount for d in plan.drug_doses(name)) - known.limit for name, known in LIFETIME.items()}
        return {**doses, **totals}

    def costs(self, plan: Plan, burden: float, drugs: bool) -> tuple[float, ...]:
        radiation = radiation_cost(self.patient, plan, self.by_organ)
        return (burden, radiation, reference_doses(plan)) if drugs else (burden, radiation)

    def score(self, plan: Plan, burden: np.ndarray, drugs: bool) -> Scored | Failure:
        """Median of the burden over the draws, with the fixed costs and limits; a Failure where most draws failed."""
        finite = burden[np.isfinite(burden)]
        if 2 * finite.size <= burden.size:
            return Failure("most draws could not be computed with this treatment", "see `oncotwin scenarios`")
        return Scored(self.costs(plan, float(np.median(finite)), drugs), self.violations(plan))

    def _in_force(self, plan: Plan) -> dict[str, Limit]:
        mapped = is_mapped(plan)
        return {name: limit for name, limit in self.organs.items() if mapped or limit.kind == "max"}

    def _over(self, mask: np.ndarray, name: str, limit: Limit, plan: Plan) -> float:
        known = tolerance(name)
        ratio = known.alpha_beta_gy if known else LATE_ALPHA_BETA_GY
        return at_limit(limit, organ_eqd2(mask, plan, ratio), self.patient.grid.voxel_ml) - limit.gy - 1e-3


def chosen_limits(patient: Patient, asked: Mapping[str, float]) -> dict[str, Limit]:
    """The limits of the library for the patient's organs, replaced by those ``asked`` for (organ -> largest EQD2, Gy)."""
    known = list(organs_at_risk(patient))
    for name, gy in asked.items():
        if name not in known or not gy > 0:
            raise UsageError(
                unknown("organ", name, known) if name not in known else f"{gy:g} Gy is no limit.",
                where="limit",
                remedy=f"organs of this case: {', '.join(known) or 'none; name them under `organs:` in the case file'}",
            )
    return {**limits_of(patient), **{name: Limit("max", gy, "asked for") for name, gy in asked.items()}}
