"""The conclusion in plain words. It never calls an option better than the intervals allow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from scenarios.conclusion_gain import gain_sentences
from scenarios.differences import HIGHER, LEVEL, LOWER, SMALLEST_ML, SURE, UNCLEAR
from scenarios.prepare import Comparison
from twin.patient import Patient

VOLUME = "visible-volume"
FAR = 2.0
"""A forecast further beyond the last scan than this many times the observed span is called far."""

FROM_NADIR = "A deeper response rises from a lower nadir: a sooner progression alone does not make an option the worse one."
"""Said wherever days to progression are shown; no sentence of a conclusion ranks by them."""


def conclude(
    data: xr.Dataset,
    comparison: Comparison,
    compared: Sequence[dict[str, Any]],
    patient: Patient,
    failed: int,
    mismatch: str = "",
) -> list[str]:
    """Sentences in order of importance: the reference, what it gains against no treatment, what differs from it, what
    cannot be ranked, what limits them.

    With a ``mismatch`` (the twin misses the last scan that it saw) that sentence comes first and nothing is ranked.
    """
    if mismatch:
        return [mismatch, *limits(comparison, patient, failed)]
    labels = {arm.id: arm.label for arm in comparison.setup.arms}
    volumes = [c for c in compared if c["endpoint"] == VOLUME]
    told = [volume_sentence(comparison.reference, labels[comparison.reference], data)]
    told += gain_sentences(comparison.reference, compared, labels, data)
    told += [_difference(c, labels) for c in volumes if c["verdict"] != UNCLEAR]
    told += _not_told_apart(volumes, labels, data)
    return [*told, *limits(comparison, patient, failed)]


def number(value: float) -> str:
    """Two significant digits above one, one decimal below."""
    if abs(value) < 0.05:
        return "0"
    return f"{value:.1f}" if abs(value) < 9.95 else f"{value:.0f}"


def _interval(values: np.ndarray) -> str:
    low, middle, high = np.percentile(values, (LEVEL[0], 50.0, LEVEL[1]))
    return f"{number(middle)} mL (90 % interval {number(low)} to {number(high)})"


def _final(arm: str, data: xr.Dataset) -> np.ndarray:
    values = data["volume_ml"].sel(arm=arm).isel(t=-1).values
    return values[np.isfinite(values)]


def volume_sentence(arm: str, label: str, data: xr.Dataset) -> str:
    """The visible volume of an arm at the horizon, with its interval."""
    values = _final(arm, data)
    if not values.size:
        return f"“{label}”: every run failed, nothing can be said."
    return f"On day {data.attrs['horizon_day']:g} the visible volume under “{label}” is {_interval(values)}."


def _difference(c: dict[str, Any], labels: dict[str, str]) -> str:
    way, share = {
        LOWER: ("smaller", c["probability_meaningfully_lower"]),
        HIGHER: ("larger", c["probability_meaningfully_higher"]),
    }[c["verdict"]]
    size = f"{number(abs(c['median_difference']))} mL {way}"
    ends = sorted((abs(c["low"]), abs(c["high"])))
    return (
        f"Under “{labels[c['arm']]}” it is {size} than under “{labels[c['reference']]}” (90 % interval "
        f"{number(ends[0])} to {number(ends[1])} mL), by more than {100 * c['margin']:.0f} % in {100 * share:.0f} % "
        "of the simulated courses."
    )


def _not_told_apart(volumes: Sequence[dict[str, Any]], labels: dict[str, str], data: xr.Dataset) -> list[str]:
    """What cannot be ranked: against the reference, and among those that differ from it the same way."""
    told = _unclear([c for c in volumes if c["verdict"] == UNCLEAR], labels)
    for verdict in (LOWER, HIGHER):
        told += _overlaps([c["arm"] for c in volumes if c["verdict"] == verdict], labels, data)
    return told


def _unclear(volumes: Sequence[dict[str, Any]], labels: dict[str, str]) -> list[str]:
    """Three kinds of no verdict: surely a small difference, a difference of doubtful size, and nothing known."""
    alike: list[dict[str, Any]] = []
    leaning: list[dict[str, Any]] = []
    unknown: list[dict[str, Any]] = []
    for c in volumes:
        if sum(_meaningful(c)) <= 1.0 - SURE:
            alike.append(c)
        else:
            (leaning if c["low"] > 0 or c["high"] < 0 else unknown).append(c)
    told = [_leaning(c, labels) for c in leaning]
    told += [
        f"{who} differ{ending} from {other} by less than {percent} % (or {SMALLEST_ML:g} mL) in at least {100 * SURE:.0f} % "
        "of the simulated courses: the model does not rank them."
        for who, ending, other, percent in _named(alike, labels)
    ]
    told += [
        f"{who} cannot be told apart from {other} by a clinically meaningful margin: the model does not rank them."
        for who, _, other, _ in _named(unknown, labels)
    ]
    return told


def _named(found: Sequence[dict[str, Any]], labels: dict[str, str]) -> list[tuple[str, str, str, str]]:
    """The options as one subject with its verb's ending, the reference, and the margin in per cent; nothing of none."""
    if not found:
        return []
    who = _listed([labels[c["arm"]] for c in found])
    return [(who, "s" if len(found) == 1 else "", f"“{labels[found[0]['reference']]}”", f"{100 * found[0]['margin']:.0f}")]


def _meaningful(c: dict[str, Any]) -> tuple[float, float]:
    return c["probability_meaningfully_lower"], c["probability_meaningfully_higher"]


def _leaning(c: dict[str, Any], labels: dict[str, str]) -> str:
    way, share = ("smaller", c["probability_lower"]) if c["high"] < 0 else ("larger", 1.0 - c["probability_lower"])
    return (
        f"Under “{labels[c['arm']]}” it is {way} than under “{labels[c['reference']]}” in {100 * share:.0f} % of the "
        f"simulated courses, but by more than {100 * c['margin']:.0f} % in only {100 * max(_meaningful(c)):.0f} %: "
        "a clinically meaningful difference is not established."
    )


def _overlaps(arms: Sequence[str], labels: dict[str, str], data: xr.Dataset) -> list[str]:
    if len(arms) < 2:
        return []
    ordered = sorted(arms, key=lambda arm: float(np.median(_final(arm, data))))
    first, second = ordered[:2]
    top, bottom = np.percentile(_final(first, data), LEVEL[1]), np.percentile(_final(second, data), LEVEL[0])
    if top < bottom:
        return []
    return [f"The intervals of {_listed([labels[first], labels[second]])} overlap: the model cannot rank them."]


def progression_sentence(arm: str, label: str, data: xr.Dataset) -> str:
    """How many courses of an arm progress within the horizon, and when; "" where that was not asked for."""
    if "time_to_progression_days" not in data:
        return ""
    finished = data["volume_ml"].sel(arm=arm).isel(t=-1).notnull().values
    days = data["time_to_progression_days"].sel(arm=arm).values[finished]
    share = float(np.isfinite(days).mean()) if days.size else 0.0
    when = f", those in the median {np.nanmedian(days):.0f} days after the decision" if share > 0 else ""
    horizon = data.attrs["horizon_day"]
    told = f"Progression (visible volume 40 % above its nadir) by day {horizon:g} in {100 * share:.0f} % of courses{when}."
    return f"{told} {FROM_NADIR}" if share > 0 else told


def limits(comparison: Comparison, patient: Patient, failed: int) -> list[str]:
    """What limits every sentence before: extrapolation, notes of the arms, failed runs, what is not modelled."""
    times = comparison.setup.timeline
    told = []
    ahead, span = times.horizon_day - times.decision_day, times.decision_day
    if ahead > FAR * max(span, 1.0):
        told.append(
            f"The forecast reaches {ahead:g} days beyond the last scan used, from {span:g} days of observation: "
            "an extrapolation."
        )
    notes: dict[str, list[str]] = {note: [] for arm in comparison.setup.arms for note in arm.notes}
    for arm in comparison.setup.arms:
        for note in arm.notes:
            notes[note].append(arm.label)
    told += [f"{_listed(who)}: {note.rstrip('.')}." for note, who in notes.items()]
    if failed:
        told.append(f"{failed} of {len(comparison.draws) * len(comparison.setup.arms)} runs failed and are left out.")
    told.append("Only tumour growth is modelled: neither toxicity nor the patient's condition.")
    return told


def _listed(names: Sequence[str]) -> str:
    quoted = [f"“{name}”" for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"
