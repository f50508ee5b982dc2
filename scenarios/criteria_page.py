"""The reference page of endpoints, response criteria and organ tolerances (docs/build_reference.py writes it)."""

from __future__ import annotations

from typing import Any

from scenarios.criteria import criteria
from scenarios.dose_drugs import LIFETIME
from scenarios.endpoint import Derived, Endpoint, Measured, endpoints
from scenarios.measurements import SIZE
from scenarios.organs_tolerance import TOLERANCES, Tolerance
from twin.drugs import drug

HEAD = """# Endpoints, response criteria and organs

<!-- Written by docs/build_reference.py (make docs) from scenarios/endpoints, scenarios/response and organs_tolerance.py. -->

Names are those of study files and of the command line (`oncotwin list`). How they are used and what they do not say:
[How options are compared](../explanation/scenarios.md). Numbers marked *confirm* were written down from the cited tables
without reading them again. Research use only.

Held against open texts: the time-point table of iRECIST (PMC5648544, table 2); RECIST 1.1 (PMC2755245, table 3) and RANO
2010 (PMC10584081, table 1) in reviews; the dose limits of brain, brainstem, optic nerve and chiasm, spinal cord,
cochlea, parotid, heart, oesophagus, kidney, bladder and lens in open compilations of QUANTEC and Emami (second hand: the
limits agree, so they stay marked). Second hand too: the bars of RANO 2.0 by product and by volume and its rule for mixed
tumours, which the open RANO-assist (github.com/cai4cai/rano2.0-assist) quotes and which agree; RANO 2.0 itself is not
open. The abstract of mRANO (PMC5398984) names its baseline and its volumes; its bars were not re-read. Doxorubicin:
heart failure in an estimated 26 % at 550 mg/m2 (abstract of Swain 2003); the label's 5 to 8 % at 450 and upper bound of
550 mg/m2, 400 after radiotherapy of the heart or with other cardiotoxic drugs, as two open copies of it say. Not found
in the open, and not re-read: the NTCP parameters of Burman.
"""


def criteria_page() -> str:
    """The page as Markdown."""
    return "\n".join([HEAD, _endpoints(), _criteria(), _organs(), _drugs()])


def _endpoints() -> str:
    rows = ["## Endpoints\n", "| name | variable | unit | read | meaning | source |", "|---|---|---|---|---|---|"]
    rows += [f"| `{name}` | `{e.variable}` | {e.unit} | {_when(e)} | {_text(e)} | {e.citation} |" for name, e in endpoints]
    return "\n".join(rows) + "\n"


def _when(e: Endpoint) -> str:
    if isinstance(e, Measured):
        return ("every saved day" if e.at == "t" else "at scans") + (", by organ" if e.by_organ else "")
    return "from the whole course" if isinstance(e, Derived) else "on the decision day"


def _criteria() -> str:
    rows = ["## Response criteria\n", "| name | scheme | size | rules | source |", "|---|---|---|---|---|"]
    rows += [f"| `{name}` | {c.label} | `{SIZE[c.unit]}` | {_text(c)} | {c.citation} |" for name, c in criteria]
    return "\n".join(rows) + "\n"


def _organs() -> str:
    head = "| organ | alpha/beta (Gy) | limit (EQD2) | NTCP: n, m, TD50 (Gy) | sources (*confirm*) |"
    return "\n".join(["## Organs\n", head, "|---|---|---|---|---|", *(_organ(t) for t in TOLERANCES.values())]) + "\n"


def _organ(t: Tolerance) -> str:
    limit = f"{t.limit.words} {t.limit.gy:g} Gy" if t.limit else ""
    lyman = f"{t.lyman.complication}: {t.lyman.n:g}, {t.lyman.m:g}, {t.lyman.td50_gy:g}" if t.lyman else ""
    sources = "; ".join(part.citation for part in (t.limit, t.lyman) if part)
    return f"| {t.organ} | {t.alpha_beta_gy:g} | {limit} | {lyman} | {sources} |"


def _drugs() -> str:
    rows = ["## Lifetime doses of drugs\n", "| drug | caution from | limit | harm | source |", "|---|---|---|---|---|"]
    for name, known in LIFETIME.items():
        unit = drug(name).dose_unit
        rows.append(f"| {name} | {known.caution:g} {unit} | {known.limit:g} {unit} | {known.harm} | {known.citation} |")
    return "\n".join(rows) + "\n"


def _text(thing: Any) -> str:
    """The docstring's first paragraph in one line."""
    return " ".join((type(thing).__doc__ or "").split("\n\n")[0].split()).replace("|", "\\|")
