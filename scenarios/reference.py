"""The reference page of the regimens, made from their YAML files (docs/build_reference.py writes it)."""

from __future__ import annotations

from scenarios.radiobiology import alpha_beta_gy
from scenarios.regimen import Regimen, regimens
from scenarios.schedule import totals

HEAD = """# Regimens

<!-- Written by docs/build_reference.py (make docs) from scenarios/regimens/*.yaml; edit those, not this page. -->

Use one in a [study file](../how-to/write-a-study.md) by its name: `{id: short, regimen: short-course-25-5, from_day: 49}`.
Days are counted from the first day of the regimen, here a Monday. BED and EQD2 are those of the whole course at the
alpha/beta that is stated, without repopulation. *Confirm* marks schedules that were written down from the cited paper's
well-known figures without reading it again: check them against your own protocol. Research use only.
"""


def regimens_page() -> str:
    """The page as Markdown."""
    return HEAD + "".join(_site(site) for site in sorted({r.site for r in regimens()}))


def _site(site: str) -> str:
    found = [r for r in regimens() if r.site == site]
    return f"\n## {site.capitalize()} (alpha/beta {alpha_beta_gy(site):g} Gy)\n" + "".join(_entry(r) for r in found)


def _entry(r: Regimen) -> str:
    lines = [f"\n### `{r.id}`: {r.label}\n", f"{r.indication.capitalize()}.\n"]
    lines += [f"- {row}" for row in r.words.split("; ")]
    dose = totals(r.build(0.0), alpha_beta_gy(r.site))
    if dose["fractions"]:
        lines.append(f"- BED {dose['bed_gy']:.2f} Gy, EQD2 {dose['eqd2_gy']:.2f} Gy")
    source = f"{r.citation}, doi {r.doi}" if r.doi else r.citation
    lines.append(f"- {source}{' (*confirm*)' if r.confirm else ''}")
    lines += [f"- {r.note}"] if r.note else []
    return "\n".join(lines) + "\n"
