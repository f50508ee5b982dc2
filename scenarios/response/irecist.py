"""iRECIST: RECIST 1.1 where progression under immunotherapy must be confirmed."""

from __future__ import annotations

from collections.abc import Sequence

from scenarios.criteria import CONFIRMED_AFTER, Assessment, Criteria, Verdict, criteria
from scenarios.response.recist import SMALLEST_MM, checked_baseline, overall, target_category


class IRecist(Criteria):
    """A first PD of RECIST 1.1 is unconfirmed (iUPD). A scan four weeks or more later confirms it (iCPD) by further
    growth: targets or new lesions by 5 mm, non-targets at all, or another new lesion. If the targets shrink instead, the bar
    is reset: iSD, iPR or iCR, and the next progression is unconfirmed again. Seymour et al. 2017."""

    label, unit = "iRECIST", "mm"
    citation = "Seymour L, et al. Lancet Oncol 2017;18:e143-e152"

    def assess(self, scans: Sequence[Assessment], radiotherapy_end: float | None = None) -> list[Verdict]:
        baseline = checked_baseline(scans)
        found = [Verdict(scans[0].day, "baseline", "first scan", baseline, baseline, baseline)]
        nadir, last = baseline, scans[0]
        pending: Assessment | None = None
        first: Assessment | None = None
        for scan in scans[1:]:
            if found[-1].category == "iCPD":
                category, rule = "iCPD", "progression was confirmed before"
            elif pending is not None:
                category, rule = _after_iupd(scan, pending, last, baseline, nadir)
            else:
                category, rule = _first(scan, last, baseline, nadir)
            if category == "iUPD":
                pending = first = pending or scan
            elif category != "NE":
                pending = None
            confirmed = {"iUPD": False, "iCPD": True}.get(category)
            since = first.day if category == "iCPD" and first else None
            found.append(Verdict(scan.day, category, rule, scan.size, baseline, nadir, confirmed, since))
            nadir = nadir if scan.size is None else min(nadir, scan.size)
            last = scan
        return found


criteria.register("irecist")(IRecist())


def _first(scan: Assessment, last: Assessment, baseline: float, nadir: float) -> tuple[str, str]:
    """No progression pending: lesions that were new before count only if there are more of them."""
    known = last.new_count > 0 and scan.new_count <= last.new_count
    category, rule = target_category(scan, baseline, nadir) if known else overall(scan, baseline, nadir)
    if known and category == "CR":
        return "iPR", "all target lesions gone, new lesions not"
    return ("iUPD", f"{rule}; to be confirmed") if category == "PD" else (_immune(category), rule)


def _after_iupd(scan: Assessment, pending: Assessment, last: Assessment, baseline: float, nadir: float) -> tuple[str, str]:
    if scan.size is None:
        return "NE", "target lesions not evaluated"
    growth = _further_growth(scan, pending, last)
    if growth:
        if scan.day - pending.day >= CONFIRMED_AFTER:
            return "iCPD", growth
        return "iUPD", f"{growth}, but less than four weeks after the first progression"
    category, rule = target_category(scan, baseline, nadir)
    shrunk = pending.size is None or scan.size < pending.size
    if category == "PD" or not shrunk:
        return "iUPD", "neither further growth nor shrinkage since the first progression"
    if category == "CR" and scan.new_count:
        return "iPR", "all target lesions gone, new lesions not"
    return _immune(category), f"{rule}: the bar is reset"


def _further_growth(scan: Assessment, pending: Assessment, last: Assessment) -> str:
    """What confirms the pending progression; "" if nothing does. Growth adds up over scans."""
    if pending.size is not None and scan.size is not None and scan.size - pending.size >= SMALLEST_MM - 1e-9:
        return "target lesions 5 mm or more above the first progression"
    if scan.new_count > max(pending.new_count, last.new_count) and pending.new_count:
        return "another new lesion"
    if pending.new_count and scan.new_size - pending.new_size >= SMALLEST_MM - 1e-9:
        return "new lesions grown by 5 mm or more"
    if scan.new_count and not pending.new_count:
        return "a new lesion on top of the first progression"
    if scan.non_target == "worse":
        return "non-target lesions grown further"
    return ""


def _immune(category: str) -> str:
    return {"NE": "NE", "non-CR/non-PD": "non-iCR/non-iUPD"}.get(category, f"i{category}")
