"""What the damaged files did, kept kind by kind and written as a page: a run that was interrupted goes on."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable
from pathlib import Path

from twin import RESEARCH_USE_ONLY
from twin.imaging.fuzz import MEMORY_MB, SECONDS, Outcome
from twin.store import save_text

ROWS, PAGE = "damaged-files.json", "damaged-files.md"


def kept(folder: Path, count: int, seed: int) -> dict[str, Outcome]:
    """The outcomes by kind of file that an earlier run with the same count and seed left in ``folder``."""
    path = folder / ROWS
    if not path.is_file():
        return {}
    found = json.loads(path.read_text(encoding="utf-8"))
    if (found["count"], found["seed"]) != (count, seed):
        return {}
    return {row["target"]: Outcome(**row) for row in found["kinds"]}


def keep(folder: Path, count: int, seed: int, outcomes: Iterable[Outcome]) -> None:
    """Write the outcomes and the page."""
    rows = list(outcomes)
    facts = {"count": count, "seed": seed, "kinds": [dataclasses.asdict(row) for row in rows]}
    folder.mkdir(parents=True, exist_ok=True)
    save_text(folder / ROWS, json.dumps(facts, indent=1) + "\n")
    save_text(folder / PAGE, page(count, seed, rows))


def page(count: int, seed: int, outcomes: Iterable[Outcome]) -> str:
    lines = [
        "# Damaged files",
        "",
        f"Written by `oncotwin fuzz --count {count} --seed {seed} --out FOLDER`. {RESEARCH_USE_ONLY}",
        "",
        "A sound file of each kind is damaged (bits, numbers, words, cuts, gaps, repeats) and shown to its reader. It must",
        f"be read to finite values in a sane geometry, or refused in words, within {SECONDS:g} s and {MEMORY_MB} MB above",
        "what the libraries need. Anything else is a finding: a traceback, a crash, a hang, or a geometry that is singular",
        "or not finite.",
        "",
        "| kind | damaged files | refused in words | read sanely | findings | slowest, s | most memory, MB |",
        "|---|---|---|---|---|---|---|",
    ]
    for o in outcomes:
        numbers = f"{o.count} | {o.refused} | {o.read} | {len(o.findings)} | {o.slowest_s:.2f} | {o.peak_mb:.0f}"
        lines.append(f"| {o.target} | {numbers} |")
    return "\n".join(lines) + "\n"
