"""What the simulated courses of an arm were truly given: where it adapts, not all the same."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import xarray as xr

from scenarios.adaptive import SWITCH_DAY, SWITCH_RULE
from scenarios.arms import Arm
from twin.treatment import Plan


@dataclass(frozen=True)
class Received:
    """One treatment from the decision day on, and the draws (bool) of an arm that were given it: ``share`` of the finished
    ones. ``rule`` echoes the one that was followed, on ``switch_day``."""

    plan: Plan
    draws: np.ndarray = field(repr=False)
    share: float = 1.0
    rule: str = ""
    switch_day: float | None = None


def received(arm: Arm, data: xr.Dataset) -> list[Received]:
    """The treatments that the finished draws of ``arm`` were given, the most frequent first; one where it has no rules."""
    every = np.ones(data.sizes["draw"], bool)
    if not arm.rules:
        return [Received(arm.plan_after, every)]
    one = data.sel(arm=arm.id)
    finished = np.isfinite(one["volume_ml"].isel(t=-1).values)
    followed = np.nan_to_num(np.stack([one[SWITCH_DAY].values, one[SWITCH_RULE].values], axis=1))
    found = []
    for day, rule in np.unique(followed[finished], axis=0):
        draws = finished & (followed == (day, rule)).all(axis=1)
        found.append(_received(arm, day, int(rule), draws, float(draws.sum() / finished.sum())))
    return sorted(found, key=lambda r: -r.share) or [Received(arm.plan_after, every)]


def _received(arm: Arm, day: float, number: int, draws: np.ndarray, share: float) -> Received:
    """``number`` counts the rules from 1; 0: none was followed."""
    if number == 0:
        return Received(arm.plan_after, draws, share)
    rule = arm.rules[number - 1]
    return Received(arm.plan_after.before(day) + rule.plan(day), draws, share, rule.words, float(day))
