"""Arms that adapt: a rule that is looked at on every scheduled scan, and what is given from then on if it holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from twin.treatment import Plan

SWITCH_DAY = "switch_day"
"""The variable that tells when a rule was followed; NaN where it never held."""

SWITCH_RULE = "switch_rule"
"""The variable that tells which, counted from 1."""

SWITCHED = {
    SWITCH_DAY: {"units": "day", "long_name": "day of the scan at which a rule was followed"},
    SWITCH_RULE: {"units": "1", "long_name": "number of the rule that was followed, from 1"},
}

Since = Literal["baseline", "nadir"]


@dataclass(frozen=True)
class Rule:
    """Holds at a scan where ``variable`` is more than ``percent`` above (below, if negative) its value at ``since``:
    the baseline is the decision day, the nadir the smallest value of the scans before, that of the decision day included.

    ``plans``: (day of the scan, everything that is given from it on if the rule is followed there). ``words`` echo it.
    """

    variable: str
    since: Since
    percent: float
    plans: tuple[tuple[float, Plan], ...]
    words: str

    def holds(self, before: Sequence[float], now: float) -> bool:
        """``before``: the values at the scans before, the decision day first."""
        reference = before[0] if self.since == "baseline" else min(before)
        limit = reference * (1.0 + self.percent / 100.0)
        return bool(now > limit if self.percent >= 0 else now < limit)

    def plan(self, day: float) -> Plan:
        return dict(self.plans)[day]


def followed(rules: Sequence[Rule], value: Callable[[str, int], float], scan: int) -> Rule | None:
    """The first of ``rules`` that holds at scan number ``scan``; ``value`` gives a variable at a scan (0: decision day)."""
    for rule in rules:
        *before, now = (value(rule.variable, i) for i in range(scan + 1))
        if rule.holds(before, now):
            return rule
    return None
