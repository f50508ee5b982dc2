"""RANO 2.0: one scheme for gliomas of all grades, by product or by volume."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from scenarios.criteria import (
    CONFIRMED_AFTER,
    WEEK,
    Assessment,
    Criteria,
    Verdict,
    at_least,
    at_most,
    baseline_after_radiotherapy,
    check_order,
    criteria,
    sustained,
)
from scenarios.response.rano_hgg import DOUBT

BASELINE_AFTER = 3 * WEEK
"""The baseline is the scan about four weeks after radiotherapy; three weeks or more are taken as that."""

RANKS = ("CR", "PR", "MR", "SD")


@dataclass(frozen=True)
class Limits:
    """Factors on the baseline (response, minor response) and on the nadir (progression); the smallest measurable size."""

    response: float
    minor: float
    progression: float
    measurable: float
    words: str


PRODUCT = Limits(0.50, 0.75, 1.25, 100.0, "product")
VOLUME = Limits(0.35, 0.60, 1.40, 0.52, "volume")
"""A product of 10 x 10 mm and the sphere of 10 mm, 0.52 mL, are the smallest measurable lesions."""


@dataclass(frozen=True)
class Rano2(Criteria):
    """Baseline: the scan about four weeks after radiotherapy. CR: gone, off steroids. PR: product 50 % (volume 65 %) or more
    below the baseline. MR (non-enhancing only): product 25 % (volume 40 %) below. PD: product 25 % (volume 40 %) or more
    above the nadir and measurable, a new measurable lesion, clear growth of what is not measured, or clinical decline.

    Within twelve weeks of radiotherapy PD on an image is preliminary until a scan four weeks or more later shows it
    again, unless it is beyond doubt; it then counts from the first of the two. Clinical decline alone does not count
    there. Mixed tumours: PD in either part is PD; PR or MR beside SD stays what it is; beside a part that is gone the
    other decides. A rise of steroids alone is neither. Without measurable disease SD is the best response. Wen et al.
    2023.

    ``always_confirm`` asks for the second scan of growth and of new lesions at any time (mRANO, Ellingson 2017).
    """

    label: str
    unit: str
    limits: Limits
    non_enhancing: bool = False
    always_confirm: bool = False
    citation: str = "Wen PY, et al. J Clin Oncol 2023;41:5187-5199"

    def assess(self, scans: Sequence[Assessment], radiotherapy_end: float | None = None) -> list[Verdict]:
        check_order(scans)
        start = baseline_after_radiotherapy(scans, radiotherapy_end, BASELINE_AFTER)
        found = [
            Verdict(s.day, "before baseline", "before the scan that follows radiotherapy", s.size) for s in scans[:start]
        ]
        if start < len(scans):
            found += _Course(self, scans[start], radiotherapy_end).follow(scans[start + 1 :])
        return found


class _Course:
    """The memory of one patient's course: baseline, nadirs, and a progression that waits for its confirmation."""

    def __init__(self, scheme: Rano2, baseline: Assessment, radiotherapy_end: float | None):
        self._scheme, self._baseline, self._end = scheme, baseline, radiotherapy_end
        self._nadir = {"size": baseline.size, "second": baseline.second}
        self._preliminary: tuple[float, dict[str, float | None]] | None = None
        self._confirmed = False
        size = baseline.size
        self._found = [Verdict(baseline.day, "baseline", "the scan that changes are measured from", size, size, size)]

    def follow(self, scans: Sequence[Assessment]) -> list[Verdict]:
        for scan in scans:
            verdict = self._judge(scan)
            self._found.append(verdict)
            self._remember(scan)
        return self._found

    def _remember(self, scan: Assessment) -> None:
        for part in ("size", "second"):
            known, seen = self._nadir[part], getattr(scan, part)
            self._nadir[part] = seen if known is None else known if seen is None else min(known, seen)

    def _judge(self, scan: Assessment) -> Verdict:
        blank = Verdict(scan.day, "SD", "", scan.size, self._baseline.size, self._nadir["size"])
        waiting = self._preliminary
        seen = _new_or_worse(scan) or self._growth(scan, waiting[1] if waiting else self._nadir)
        if seen:
            return self._progression(scan, seen, blank)
        if scan.clinical == "worse" and not self._early(scan):
            return replace(blank, category="PD", rule="clinical decline")
        if scan.size is None and scan.second is None:
            return replace(blank, category="NE", rule="not evaluated")
        self._preliminary = None
        category, rule = self._response(scan)
        if waiting:
            rule += "; the preliminary progression was not confirmed"
        kept = RANKS[: RANKS.index(category) + 1] if category in RANKS[:3] else None
        return replace(
            blank, category=category, rule=rule, confirmed=None if kept is None else sustained(self._found, kept, scan.day)
        )

    def _early(self, scan: Assessment) -> bool:
        return self._end is not None and scan.day - self._end <= DOUBT

    def _progression(self, scan: Assessment, rule: str, blank: Verdict) -> Verdict:
        """Progression on the image: definite, preliminary, or the confirmation of an earlier one."""
        if self._preliminary is None:
            doubtful = self._early(scan) or self._scheme.always_confirm
            if scan.beyond_doubt or self._confirmed or not doubtful:
                return replace(blank, category="PD", rule=rule)
            self._preliminary = (scan.day, dict(self._nadir))
            why = "within 12 weeks of radiotherapy" if self._early(scan) else "first seen"
            return replace(blank, category="PD preliminary", rule=f"{rule}; {why}: to be confirmed", confirmed=False)
        first = self._preliminary[0]
        if scan.day - first >= CONFIRMED_AFTER or scan.beyond_doubt:
            self._preliminary, self._confirmed = None, True
            told = f"{rule}; confirms the progression first seen on day {first:g}"
            return replace(blank, category="PD", rule=told, confirmed=True, since=first)
        told = f"{rule}; less than four weeks since progression was first seen"
        return replace(blank, category="PD preliminary", rule=told, confirmed=False)

    def _growth(self, scan: Assessment, nadir: dict[str, float | None]) -> str:
        limits = self._scheme.limits
        for part, name in (("size", ""), ("second", "non-enhancing ")):
            seen, smallest = getattr(scan, part), nadir[part]
            if seen is None or smallest is None or seen < limits.measurable:
                continue
            if at_least(seen, limits.progression, smallest):
                percent = 100 * (limits.progression - 1)
                return f"{name}{limits.words} {percent:.0f} % or more above the nadir"
        return ""

    def _response(self, scan: Assessment) -> tuple[str, str]:
        """The response of the parts together, lowered where steroids or the clinic do not allow it."""
        base = self._baseline
        parts = [self._part(scan.size, base.size, minor=self._scheme.non_enhancing)]
        if scan.second is not None and base.second is not None:
            parts.append(self._part(scan.second, base.second, minor=True))
        measured = [p for p in parts if p is not None]
        if not measured:
            return "SD", "no measurable disease at baseline: stable disease is the best response"
        category = _together(measured)
        if category != "SD" and scan.steroids == "more":
            return "SD", "smaller, but on more steroids than at baseline"
        if scan.clinical == "worse":
            return "SD", "clinical decline alone is not enough within 12 weeks of radiotherapy"
        if category == "CR" and (scan.steroids != "none" or scan.non_target not in ("none", "gone")):
            return "PR", "disappeared, but on steroids or with unmeasured disease left"
        return category, self._words(category)

    def _part(self, size: float | None, baseline: float | None, minor: bool) -> str | None:
        limits = self._scheme.limits
        if size is None or baseline is None:
            return None
        if baseline == 0:
            return None
        if size == 0:
            return "CR"
        if at_most(size, limits.response, baseline):
            return "PR"
        return "MR" if minor and at_most(size, limits.minor, baseline) else "SD"

    def _words(self, category: str) -> str:
        limits = self._scheme.limits
        return {
            "CR": "all measured tumour gone, off steroids",
            "PR": f"{limits.words} {100 * (1 - limits.response):.0f} % or more below the baseline",
            "MR": f"{limits.words} {100 * (1 - limits.minor):.0f} % or more below the baseline",
            "SD": "neither response nor progression",
        }[category]


def _new_or_worse(scan: Assessment) -> str:
    """What an image shows beside the measured lesions. A new lesion that is too small to measure is no progression, yet."""
    if scan.new_lesion == "measurable":
        return "a new measurable lesion"
    return "clear progression of disease that is not measured" if scan.non_target == "worse" else ""


def _together(parts: Sequence[str]) -> str:
    """Of two parts: where one is gone, the other decides; else the better one counts, for the other does not grow."""
    left = [p for p in parts if p != "CR"]
    return min(left, key=RANKS.index) if left else "CR"


criteria.register("rano-2.0-product")(Rano2("RANO 2.0 (product)", "mm2", PRODUCT))
criteria.register("rano-2.0-volume")(Rano2("RANO 2.0 (volume)", "mL", VOLUME))
criteria.register("rano-2.0-non-enhancing-product")(Rano2("RANO 2.0, non-enhancing (product)", "mm2", PRODUCT, True))
criteria.register("rano-2.0-non-enhancing-volume")(Rano2("RANO 2.0, non-enhancing (volume)", "mL", VOLUME, True))
