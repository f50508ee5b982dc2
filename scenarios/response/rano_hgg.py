"""RANO for high-grade glioma, 2010: products of diameters, steroids, the clinic, and the twelve weeks of doubt."""

from __future__ import annotations

from collections.abc import Sequence

from scenarios.criteria import WEEK, Assessment, Criteria, Verdict, at_least, at_most, criteria, sustained
from scenarios.response.recist import checked_baseline

RESPONSE, PROGRESSION = 0.50, 1.25
DOUBT = 12 * WEEK
"""So long after radiotherapy, growth inside the irradiated region may be pseudoprogression."""


class RanoHgg(Criteria):
    """CR: all enhancing disease gone, off steroids. PR: product 50 % or more below the baseline. PD: 25 % or more above the
    smallest product, more FLAIR change, a new lesion or clinical decline. CR and PR want four weeks, stable FLAIR, a stable
    clinic and no more steroids. Within twelve weeks of radiotherapy PD only outside the 80 % isodose or in tissue. Without
    measurable disease SD is the best response.
    Wen et al. 2010."""

    label, unit = "RANO-HGG", "mm2"
    citation = "Wen PY, et al. J Clin Oncol 2010;28:1963-1972"

    def assess(self, scans: Sequence[Assessment], radiotherapy_end: float | None = None) -> list[Verdict]:
        baseline = checked_baseline(scans)
        found = [Verdict(scans[0].day, "baseline", "first scan", baseline, baseline, baseline)]
        nadir = baseline
        for scan in scans[1:]:
            category, rule = _category(scan, baseline, nadir, radiotherapy_end)
            kept = {"CR": ("CR",), "PR": ("PR", "CR")}.get(category)
            confirmed = None if kept is None else sustained(found, kept, scan.day)
            found.append(Verdict(scan.day, category, rule, scan.size, baseline, nadir, confirmed))
            nadir = nadir if scan.size is None else min(nadir, scan.size)
        return found


criteria.register("rano-hgg")(RanoHgg())


def _category(scan: Assessment, baseline: float, nadir: float, radiotherapy_end: float | None) -> tuple[str, str]:
    grown = _progression(scan, nadir)
    if grown:
        early = radiotherapy_end is not None and 0 <= scan.day - radiotherapy_end <= DOUBT
        if early and not scan.beyond_doubt:
            return "SD", f"{grown}, but within 12 weeks of radiotherapy and inside its field: may be pseudoprogression"
        return "PD", grown
    if scan.size is None:
        return "NE", "enhancing disease not evaluated"
    if baseline == 0:
        return "SD", "no measurable disease at baseline: stable disease is the best response"
    if scan.gone and scan.steroids == "none" and scan.non_target in ("none", "gone"):
        return "CR", "all enhancing disease gone, off steroids"
    if at_most(scan.size, RESPONSE, baseline) and scan.steroids != "more":
        return "PR", "product 50 % or more below the baseline"
    return "SD", "neither response nor progression"


def _progression(scan: Assessment, nadir: float) -> str:
    """Why this is progression, if it is; growth while steroids are reduced is not counted."""
    if scan.new_lesion != "none":
        return "a new lesion"
    if scan.non_target == "worse":
        return "clear progression of disease that is not measured"
    if scan.clinical == "worse":
        return "clinical decline"
    if scan.steroids == "less":
        return ""
    if scan.size is not None and scan.size > 0 and at_least(scan.size, PROGRESSION, nadir):
        return "product 25 % or more above the smallest so far"
    return "significantly more T2-FLAIR change" if scan.flair_worse else ""
