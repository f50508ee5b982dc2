"""RECIST 1.1: sums of diameters of solid tumours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scenarios.criteria import Assessment, Criteria, Verdict, at_least, at_most, check_order, criteria, sustained
from twin.errors import DataRefused

RESPONSE, PROGRESSION, SMALLEST_MM = 0.70, 1.20, 5.0
TARGETS, PER_ORGAN, LESION_MM, NODE_MM = 5, 2, 10.0, 15.0


@dataclass(frozen=True)
class Target:
    """A target lesion at baseline: longest diameter of a lesion, short axis of a lymph node, mm."""

    name: str
    organ: str
    longest_mm: float
    short_mm: float = 0.0
    node: bool = False

    @property
    def counted_mm(self) -> float:
        return self.short_mm if self.node else self.longest_mm


def sum_of_diameters(targets: Sequence[Target], baseline: bool = True) -> float:
    """The sum of diameters, mm. At baseline: at most five targets, two an organ, lesions of 10 mm, nodes of 15 mm."""
    if baseline:
        _check_targets(targets)
    return sum(t.counted_mm for t in targets)


class Recist(Criteria):
    """CR: all targets gone (nodes < 10 mm). PR: 30 % or more below the baseline. PD: 20 % or more and 5 mm or more above the
    smallest sum so far, or a new lesion, or unequivocal growth elsewhere, or disease seen again after a confirmed CR.
    Without measurable disease: CR, non-CR/non-PD or PD by the non-target lesions (table 2). Eisenhauer et al. 2009."""

    label, unit = "RECIST 1.1", "mm"
    citation = "Eisenhauer EA, et al. Eur J Cancer 2009;45:228-247"

    def assess(self, scans: Sequence[Assessment], radiotherapy_end: float | None = None) -> list[Verdict]:
        baseline = checked_baseline(scans)
        found = [Verdict(scans[0].day, "baseline", "first scan", baseline, baseline, baseline)]
        nadir = baseline
        for scan in scans[1:]:
            category, rule = overall(scan, baseline, nadir, responded=any(v.category in ("PR", "CR") for v in found))
            if category not in ("CR", "PD", "NE") and any(v.category == "CR" and v.confirmed for v in found):
                category, rule = "PD", "disease again after a confirmed complete response"
            kept = {"CR": ("CR",), "PR": ("PR", "CR")}.get(category)
            confirmed = None if kept is None else sustained(found, kept, scan.day)
            found.append(Verdict(scan.day, category, rule, scan.size, baseline, nadir, confirmed))
            nadir = nadir if scan.size is None else min(nadir, scan.size)
        return found


criteria.register("recist-1.1")(Recist())


def checked_baseline(scans: Sequence[Assessment]) -> float:
    """The baseline sum, 0 where there is disease but none of it is measurable. DataRefused without any disease."""
    check_order(scans)
    if not scans[0].size and scans[0].non_target == "present":
        return 0.0
    if not scans[0].size:
        raise DataRefused(
            "There is no measurable disease on the first scan.",
            where="response",
            why="every later change is relative to it",
            remedy="give the sum of the target lesions at baseline, or say that non-target lesions are present",
        )
    return scans[0].size


def target_category(scan: Assessment, baseline: float, nadir: float, responded: bool = False) -> tuple[str, str]:
    """Category of the target lesions alone, with its rule. ``responded``: a response stands until progression."""
    if scan.size is None:
        return "NE", "target lesions not evaluated"
    if scan.gone:
        return "CR", "all target lesions gone, lymph nodes below 10 mm"
    if at_least(scan.size, PROGRESSION, nadir) and scan.size - nadir >= SMALLEST_MM - 1e-9:
        return "PD", "20 % or more and 5 mm or more above the smallest sum so far"
    if at_most(scan.size, RESPONSE, baseline):
        return "PR", "30 % or more below the baseline"
    if responded:
        return "PR", "an earlier response, not yet progression"
    return "SD", "neither response nor progression"


def overall(scan: Assessment, baseline: float, nadir: float, responded: bool = False) -> tuple[str, str]:
    """Targets, non-targets and new lesions together (table 1 of the paper)."""
    if scan.new_lesion != "none":
        return "PD", "a new lesion"
    if scan.non_target == "worse":
        return "PD", "unequivocal progression of non-target lesions"
    if baseline == 0:
        return non_target_category(scan)
    category, rule = target_category(scan, baseline, nadir, responded)
    if category == "CR" and scan.non_target in ("present", "not seen"):
        return "PR", "all target lesions gone, non-target lesions not"
    return category, rule


def non_target_category(scan: Assessment) -> tuple[str, str]:
    """Disease that is followed without being measured (table 2 of the paper)."""
    if scan.non_target == "gone":
        return "CR", "all non-target lesions gone"
    if scan.non_target == "not seen":
        return "NE", "non-target lesions not evaluated"
    return "non-CR/non-PD", "non-target lesions neither gone nor clearly worse"


def _check_targets(targets: Sequence[Target]) -> None:
    organs = [t.organ for t in targets]
    many = next((o for o in organs if organs.count(o) > PER_ORGAN), None)
    small = next((t for t in targets if t.counted_mm < (NODE_MM if t.node else LESION_MM)), None)
    if len(targets) > TARGETS or many or small:
        what = f"{len(targets)} target lesions" if len(targets) > TARGETS else f"more than two targets in the {many}"
        if small and not many and len(targets) <= TARGETS:
            what = f"'{small.name}' measures {small.counted_mm:g} mm"
        raise DataRefused(
            f"These are no target lesions of RECIST 1.1: {what}.",
            where="target lesions",
            remedy="choose at most 5, at most 2 an organ; lesions of 10 mm or more, nodes of 15 mm or more in short axis",
        )
