"""A rule in words: "if volume exceeds baseline by 25 % at a scan, switch to ... from 7 days after the scan"."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from scenarios.adaptive import Rule, Since
from scenarios.modification import UNCHANGED, Modification
from scenarios.words import DAYS_OR_WEEKS, NUMBER, read_words, refused
from scenarios.words_modify import modification, phrase
from scenarios.written import AnyCourse
from twin.treatment import Plan

MEASURES = {
    "visible volume": "volume_ml",
    "volume": "volume_ml",
    "core volume": "core_ml",
    "core": "core_ml",
    "burden": "burden_ml",
    "diameter": "diameter_mm",
    "product": "product_mm2",
}
"""What a rule may look at, and the variable it is."""

_IF = re.compile(
    rf"if (?:the )?({'|'.join(MEASURES)}) (exceeds|is above|falls below|is below) (?:the )?"
    rf"(baseline|nadir) by (?:more than )?{NUMBER} ?(?:%|percent) at (?:a|any|the next) scan,? (?:then )?(.+)"
)
_AFTER_SCAN = re.compile(
    rf"(?:from|starting|on day) {NUMBER} (days?|weeks?) after the scan|{NUMBER} (days?|weeks?) after the scan"
)
_AT_SCAN = re.compile(r"(?:from|at|on) the (?:day of the )?scan")
_FIXED_DAY = re.compile(r"(?:from|on|at|starting|starting on) day \d")

Place = Callable[[tuple[AnyCourse, ...], float], Plan]
"""(courses, the day that their day 0 is) -> their plan for this patient."""


@dataclass(frozen=True)
class RuleWords:
    """A rule as read. ``then``: "switch" (to ``courses``, none: stop), "add" (``courses``) or "modify" what is left."""

    words: str
    variable: str
    since: Since
    percent: float
    then: str
    courses: tuple[AnyCourse, ...] = ()
    modify: Modification = UNCHANGED

    def build(self, rest: Plan, scans: tuple[float, ...], place: Place, first_weekday: int) -> Rule:
        """The rule for an arm of which ``rest`` is given, at the scans that are scheduled."""
        plans = tuple((day, self._from(day, rest.from_day(day), place, first_weekday)) for day in scans)
        return Rule(self.variable, self.since, self.percent, plans, self.words)

    def _from(self, day: float, left: Plan, place: Place, first_weekday: int) -> Plan:
        if self.then == "modify":
            return self._modified(left, first_weekday)
        new = place(self.courses, day)
        return left + new if self.then == "add" else new

    def _modified(self, left: Plan, first_weekday: int) -> Plan:
        """What is left, modified; what is no longer due by the day of that scan cannot be changed any more."""
        from scenarios import modify

        held = modify.treatments(left)
        kept = {
            "omit": tuple(n for n in self.modify.omit if n in held),
            "scale_dose": {n: f for n, f in self.modify.scale_dose.items() if n in held},
            "reorder": self.modify.reorder if set(self.modify.reorder) <= set(held) else (),
        }
        return self.modify.model_copy(update=kept).apply(left, first_weekday)


def read_rule(rule: str, text: str) -> RuleWords:
    """A rule in lower case. It may look at the volume, core volume, burden, diameter or product, against the baseline
    (the decision day) or the nadir of the scans before; then "switch to ...", "add ...", "stop", or a modification of
    what is left.

    New courses are dated from the scan: "from 7 days after the scan" or "from the scan". The rule is followed once.
    """
    found = _IF.fullmatch(rule)
    if not found:
        raise refused(text, f"'{rule}' is no rule; write 'if volume exceeds baseline by 25 % at a scan, switch to ...'")
    measure, direction, since, percent, then = found.groups()
    sign = -1.0 if "below" in direction else 1.0
    if sign < 0 and float(percent) > 100:
        raise refused(text, f"nothing falls by {percent} %")
    kind, courses, changes = _then(then, text)
    return RuleWords(rule, MEASURES[measure], since, sign * float(percent), kind, courses, changes)  # type: ignore[arg-type]


def _then(then: str, text: str) -> tuple[str, tuple[AnyCourse, ...], Modification]:
    if then in ("stop", "stop treatment"):
        return "switch", (), UNCHANGED
    if changes := phrase(then):
        try:
            return "modify", (), modification([changes])
        except ValueError as error:
            raise refused(text, str(error)) from None
    found = re.fullmatch(r"(switch to|add) (.+)", then)
    if not found:
        raise refused(text, f"'{then}' is not understood; write 'switch to ...', 'add ...', 'stop' or a modification")
    return found[1].split()[0], _courses(found[2], text), UNCHANGED


def _courses(words: str, text: str) -> tuple[AnyCourse, ...]:
    """Courses whose day 0 is the scan."""
    if _FIXED_DAY.search(words):
        raise refused(text, "after a rule, days are counted from the scan: write 'from 7 days after the scan'")
    dated = _AFTER_SCAN.sub(_from_day, _AT_SCAN.sub("from day 0", words))
    return read_words(dated, text)


def _from_day(found: re.Match[str]) -> str:
    return f"from day {float(found[1]) * DAYS_OR_WEEKS[found[2]]:g}"
