"""The page in plain words, for the person whose tumour it is about: short sentences, counts out of ten, no symbols."""

from __future__ import annotations

from typing import Any

import numpy as np

from twin.report import numbers as n
from twin.report.results import Results

WHAT = (
    "This page is about a computer model of one tumour.",
    "The model is for research. It must not be used to choose a treatment.",
)
UNKNOWN = (
    "The model knows only what the scans show.",
    "It does not know how you feel. It does not know side effects. It says nothing about how long a person will live.",
    "It can be wrong.",
)
MISSED = ("The model did not match the last scan.", "So we do not use it to say what might happen.")
ASK = ("Talk with the team that treats you. They know the whole picture. This page does not.",)


def plain_words(results: Results) -> list[tuple[str, list[str]]]:
    """(question, sentences). Without options: what was done and how the test went."""
    found = [("What is this?", list(WHAT)), ("How was it made?", _made(results))]
    if results.is_refuted:
        found += [("What might happen?", list(MISSED))]
    elif results.arms:
        found += [("What might happen?", [s for a in results.arms for s in _option(results, a)])]
        found += [("Is one plan better?", [*_compared(results), *_gained(results)])]
    return [
        *found,
        ("Was it tested?", _tested(results)),
        ("What does it not know?", list(UNKNOWN)),
        ("What now?", list(ASK)),
    ]


def plain_text(results: Results) -> str:
    """The same as one text, for measuring how hard it is to read."""
    return " ".join(" ".join((question, *sentences)) for question, sentences in plain_words(results))


def of_ten(share: float) -> str:
    """A share as a count out of ten; never "all" or "none" where that is not so."""
    count = round(10 * share)
    if share in (0.0, 1.0):
        return "all" if share else "none"
    return "fewer than 1 in 10" if count == 0 else "more than 9 in 10" if count == 10 else f"{count} of 10"


def _made(results: Results) -> list[str]:
    scans, draws = len(results.patient.seen), int(results.posterior.sizes["draw"])
    first = f"We used {scans} scans to set up the model." if scans != 1 else "We used one scan to set up the model."
    again = f"Then we let it run {draws} times."
    return [first, again, "Each run fits the scans, and each is a bit different.", "We call each run a simulated course."]


def _option(results: Results, arm: dict[str, Any]) -> list[str]:
    """In how many courses the tumour is smaller than now, and how large it may be, as a ball."""
    then = results.at_day(arm["id"], "volume_ml", results.horizon_day)
    now = results.at_day(arm["id"], "volume_ml", results.decision_day)
    known = np.isfinite(then) & np.isfinite(now)
    if not known.any():
        return [f"Plan “{arm['label']}”: the model could not run."]
    grown = float((then[known] > now[known]).mean())
    less, share = ("larger", grown) if grown >= 0.5 else ("smaller", 1 - grown)
    low, middle, high = n.summary(then)
    day = f"day {n.day(results.horizon_day)}"
    size = f"The best guess is a ball {_ball(middle)} across."
    if _ball(low) != _ball(high):
        size += f" It may be {_ball(low)} to {_ball(high)}."
    return [f"Plan “{arm['label']}”: in {of_ten(share)} simulated courses the tumour is {less} on {day} than now. {size}"]


def _ball(ml: float) -> str:
    """The diameter of a ball of that volume, to half a centimetre."""
    across = round(2 * 2 * np.cbrt(3 * max(ml, 0.0) / (4 * np.pi))) / 2
    return "less than half a cm" if across == 0 else f"{across:g} cm"


def _compared(results: Results) -> list[str]:
    """Each plan beside the reference; one that cannot be told apart is said to be so."""
    rows = {c["arm"]: c for c in (results.study or {}).get("comparisons", []) if c.get("endpoint") == "visible-volume"}
    label = {a["id"]: a["label"] for a in results.arms}
    clear = {arm: c["verdict"] for arm, c in rows.items() if c.get("verdict") in ("lower", "higher")}
    words = {"lower": "leaves less tumour", "higher": "leaves more tumour"}
    told = [
        f"Plan “{label[arm]}” {words[v]} than plan “{label[results.reference]}”." for arm, v in clear.items() if arm in label
    ]
    if len(clear) < len(results.arms) - 1:
        told.append(
            "The model cannot say which of the other plans is best." if told else "The model cannot say which plan is best."
        )
    return told


def _gained(results: Results) -> list[str]:
    """How much later the tumour is as large under the reference as without more treatment, where that is sure."""
    arm: dict[str, Any] = next((a for a in results.arms if a["id"] == results.reference), {})
    days: dict[str, Any] = next((e for e in arm.get("endpoints", []) if e["endpoint"] == "days-gained"), {})
    if (days.get("low") or 0) <= 0:
        return []
    low, middle, high = (round(days[key]) for key in ("low", "median", "high"))
    return [
        f"With plan “{arm['label']}” the tumour takes about {middle} more days to get as big as it would with no more "
        f"treatment. It may be {low} to {high} days."
    ]


def _tested(results: Results) -> list[str]:
    rows = [v for v in results.calibration.get("visits", []) if v.get("held_out") and (v.get("scores") or {}).get("twin")]
    if not rows:
        return ["No. We had no later scan to check it with."]
    inside = sum(bool(r["scores"]["twin"].get("inside_interval")) for r in rows)
    scans = "one scan" if len(rows) == 1 else f"{len(rows)} scans"
    return [f"We kept back {scans}. The model did not see them.", f"It gave the right range for {inside} of {len(rows)}."]
