"""The rows of the page's tables, as plain text; the template only lays them out."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Protocol

import numpy as np
import xarray as xr

from twin.geometry.measure import measure
from twin.patient import Visit
from twin.report import numbers as n
from twin.report.growth import is_coefficient
from twin.report.results import Results
from twin.visual.palette import arm_colours


def arm_rows(results: Results) -> list[dict[str, Any]]:
    """One row an arm: treatment, volume and diameter at the horizon, difference from the reference, progression."""
    day = results.horizon_day
    reference = None if results.reference is None else results.at_day(results.reference, "volume_ml", day)
    colours = arm_colours([a["id"] for a in results.arms], results.reference)
    rows = []
    for arm in results.arms:
        draws = results.at_day(arm["id"], "volume_ml", day)
        row = {**arm, "colour": colours[arm["id"]], "is_reference": arm["id"] == results.reference}
        row |= {"volume": n.summary(draws), "treatment": treatment_lines(arm)}
        row["volume_text"] = n.volume(row["volume"][1])
        row["volume_interval"] = f"{n.volume(row['volume'][0])} – {n.volume(row['volume'][2])}"
        other = None if row["is_reference"] or results.is_refuted else reference
        row |= _difference(draws, other, _compared(results, arm["id"]))
        row |= _progression(results, arm["id"]) | _diameter(results, arm["id"])
        rows.append(row)
    return rows


def treatment_lines(arm: dict[str, Any]) -> list[str]:
    """The arm's treatment from the decision day on in short lines, with the EQD2 of the whole course."""
    ahead, lines = arm.get("after_decision") or arm, []
    whole = f"whole course {n.number(arm['eqd2_gy'])} Gy" if arm.get("after_decision") and arm.get("fractions") else ""
    if ahead.get("fractions"):
        lines.append(f"{n.number(ahead['total_gy'])} Gy in {ahead['fractions']} fractions")
        lines.append(f"EQD2 {n.number(ahead['eqd2_gy'])} Gy" + (f" ({whole})" if whole else ""))
    if ahead.get("drug_doses"):
        lines.append(f"{ahead['drug_doses']} drug doses")
    if len(courses := arm.get("received") or []) > 1:
        lines.append(f"adapts: so in {n.share(courses[0]['share'])} of courses")
    return lines or ["no treatment", *([f"EQD2 of the {whole}"] if whole else [])]


def _difference(draws: np.ndarray, reference: np.ndarray | None, compared: dict[str, Any]) -> dict[str, Any]:
    """The paired difference in volume (same draws in both arms), how often it is smaller, what the study says of it."""
    if reference is None or reference.shape != draws.shape:
        return {"difference_text": None, "difference_interval": None, "smaller": None, "verdict": None, "meaningful": None}
    gap = draws - reference
    low, middle, high = n.summary(gap)
    open_ended = "" if low > 0 or high < 0 else "cannot be told apart"
    return {
        "difference_text": n.gap(middle, 1),
        "difference_interval": f"{n.gap(low, 1)} to {n.gap(high, 1)}",
        "smaller": n.share(float(np.mean(gap < 0))),
        "verdict": compared.get("verdict", open_ended),
        "meaningful": n.share(compared["probability_meaningfully_lower"])
        if "probability_meaningfully_lower" in compared
        else None,
    }


def _compared(results: Results, arm: str, endpoint: str = "visible-volume") -> dict[str, Any]:
    """What the study says of one arm against the reference."""
    rows = (results.study or {}).get("comparisons", [])
    found = (c for c in rows if c["arm"] == arm and c["reference"] == results.reference and c["endpoint"] == endpoint)
    return next(found, {})


def _progression(results: Results, arm: str) -> dict[str, Any]:
    if results.scenarios is None or "time_to_progression_days" not in results.scenarios:
        return {"progression_text": None}
    left = results.horizon_day - results.decision_day
    middle, interval, free = n.waiting(results.draws(arm, "time_to_progression_days"), left)
    return {"progression_text": middle, "progression_interval": interval, "progression_free": n.share(free)}


def _diameter(results: Results, arm: str) -> dict[str, Any]:
    if results.scenarios is None or "diameter_mm" not in results.scenarios:
        return {"diameter_text": None}
    low, middle, high = n.summary(results.draws(arm, "diameter_mm")[:, -1])
    return {"diameter_text": f"{middle:.0f}", "diameter_interval": f"{low:.0f} – {high:.0f}"}


def endpoint_table(results: Results) -> list[dict[str, Any]]:
    """Every endpoint (rows) of every arm (cells, in the order of the arms); empty where the study lists none."""
    arms = results.arms
    if not arms or not all(arm.get("endpoints") for arm in arms):
        return []
    rows = []
    for entry in sorted(arms[0]["endpoints"], key=lambda e: _place(e["endpoint"])):
        mine = [next((e for e in arm["endpoints"] if e["endpoint"] == entry["endpoint"]), entry) for arm in arms]
        if all(e.get("median") is None and e.get("share", 1) == 1 for e in mine):
            continue  # nothing of that kind in this patient, as a core where none is seen
        cells = [_endpoint_cell(results, arm, e) for arm, e in zip(arms, mine, strict=True)]
        rows.append({"label": entry.get("label", entry["endpoint"]), "unit": pretty_unit(entry["unit"]), "cells": cells})
    return rows


def _place(endpoint: str) -> int:
    """Volumes first, then sizes, then times."""
    first = ("visible-volume", "core-volume", "burden", "diameter", "product", "time-to-progression", "progression-at-scans")
    return first.index(endpoint) if endpoint in first else len(first)


def _endpoint_cell(results: Results, arm: dict[str, Any], entry: dict[str, Any]) -> dict[str, Any]:
    known = entry.get("median") is not None
    compared = {} if results.is_refuted else _compared(results, arm["id"], entry["endpoint"])
    cell = {"median": n.number(entry.get("median")), "interval": "", "share": "", "difference": "", "verdict": ""}
    if known:
        cell["interval"] = f"{n.number(entry.get('low'))} – {n.number(entry.get('high'))}"
    if entry.get("share") is not None and entry["share"] < 1:
        cell["share"] = f"in {n.share(entry['share'])} of draws"
    if compared.get("median_difference") is not None:
        cell["difference"] = n.gap(compared["median_difference"], n.decimals(cell["median"]))
        cell["verdict"] = {"lower": "▼ lower", "higher": "▲ higher"}.get(compared.get("verdict", ""), "")
    return cell


def comparison_rows(results: Results) -> list[dict[str, str]]:
    """Every paired comparison that the study made, one a row; none of a twin that misses the last scan."""
    if results.is_refuted:
        return []
    labels = {arm["id"]: arm["label"] for arm in results.arms}
    rows = []
    for c in (results.study or {}).get("comparisons", []):
        known = c.get("median_difference") is not None
        rows.append(
            {
                "arm": labels.get(c["arm"], c["arm"]),
                "reference": labels.get(c["reference"], c["reference"]),
                "endpoint": c.get("label", c["endpoint"]),
                "unit": pretty_unit(c["unit"]),
                "difference": n.signed(n.number(c["median_difference"])) if known else n.NOTHING,
                "interval": f"{n.signed(n.number(c['low']))} to {n.signed(n.number(c['high']))}" if known else n.NOTHING,
                "lower": n.share(c.get("probability_lower")),
            }
        )
    return rows


class Learnt(Protocol):
    """Anything with a posterior; ``tissues`` is empty where the patient is known by sizes alone."""

    @property
    def posterior(self) -> xr.Dataset: ...

    @property
    def tissues(self) -> tuple[str, ...]: ...


def parameter_rows(results: Learnt) -> list[dict[str, Any]]:
    """Prior and posterior of every parameter that was learnt; a growth field's coefficients are told as a map."""
    data, rows = results.posterior, []
    for i, name in enumerate(map(str, data["parameter"].values)):
        if is_coefficient(name):
            continue
        prior, posterior = data["prior_value"].values[:, i], data["value"].values[:, i]
        before, after = n.summary(prior), n.summary(posterior)
        rows.append(
            {
                "name": name,
                "symbol": symbol_parts(_coordinate(data, "symbol", i) or name),
                "unit": pretty_unit(_coordinate(data, "unit", i)),
                "description": in_tissue(pretty_unit(_coordinate(data, "description", i)), results.tissues),
                "source": _coordinate(data, "source", i).replace("+-", "±"),
                "prior": n.number(before[1]),
                "prior_interval": f"{n.number(before[0])} – {n.number(before[2])}",
                "posterior": n.number(after[1]),
                "posterior_interval": f"{n.number(after[0])} – {n.number(after[2])}",
                "best": n.number(float(data["best"].values[i])) if "best" in data else n.NOTHING,
                "learnt": learnt(prior, posterior, float(data["low"].values[i]) > 0),
            }
        )
    return rows


GREEK = {
    "alpha": "α",
    "beta": "β",
    "gamma": "γ",
    "delta": "δ",
    "eta": "η",
    "kappa": "κ",
    "lambda": "λ",
    "mu": "μ",
    "nu": "ν",
}
GREEK |= {"rho": "ρ", "sigma": "σ", "tau": "τ", "theta": "θ"}


def symbol_parts(symbol: str) -> list[tuple[str, str]]:
    """A symbol as (letter, index) pairs: "D_slow/D" is D with index slow, a stroke, D; "rho" is ρ; "s0" is s, index 0."""
    parts: list[tuple[str, str]] = []
    for word, index in re.findall(r"([A-Za-z]+|[^A-Za-z_]+)(?:_([A-Za-z0-9]+))?", symbol):
        if parts and word.isdigit() and not index:
            parts[-1] = (parts[-1][0], parts[-1][1] + word)
        else:
            parts.append((GREEK.get(word, word), index))
    return parts


def in_tissue(words: str, tissues: Iterable[str]) -> str:
    """Words about white and grey matter with the tissues that the patient has: cells move most in the first."""
    first, *rest = [*tissues] or ["white"]
    if first == "white":
        return words
    return words.replace("white matter", first).replace("grey matter", ", ".join(rest) or "none")


def _coordinate(data: Any, name: str, i: int) -> str:
    return str(data[name].values[i]) if name in data.variables else ""


def pretty_unit(unit: str) -> str:
    """Units as they are printed: mm²/day instead of mm2/day, nothing for a pure number."""
    return "" if unit == "1" else unit.replace("mm2", "mm²").replace("mm3", "mm³").replace("/m2", "/m²")


def learnt(prior: np.ndarray, posterior: np.ndarray, log: bool) -> str:
    """How much narrower the posterior is than the prior, in words (widths of the 90 % intervals)."""
    a, b = (np.log(v) if log else v for v in (prior, posterior))
    before, after = (np.subtract(*np.nanquantile(v, (0.95, 0.05))) for v in (a, b))
    if before <= 0:
        return n.NOTHING
    left = after / before
    if left > 0.8:
        return "hardly informed by the data"
    return f"interval narrowed by {100 * (1 - left):.0f}\u202f%"


def visit_rows(results: Results) -> list[dict[str, Any]]:
    """The visits as the twin received them: role, measurements, images, alignment."""
    return [_visit_row(visit, results) for visit in results.patient.visits]


def _visit_row(visit: Visit, results: Results) -> dict[str, Any]:
    grid, whole, core = results.patient.grid, visit.whole, visit.core
    found = None if whole is None else measure(whole, grid)
    images = ", ".join(_image_words(role, str(image.attrs.get("units", "1"))) for role, image in visit.images.items())
    return {
        "day": n.day(visit.day),
        "name": visit.name,
        "role": "held out" if visit.held_out else "seen",
        "whole": n.NOTHING if whole is None else n.volume(whole.sum() * grid.voxel_ml),
        "core": n.NOTHING if core is None else n.volume(core.sum() * grid.voxel_ml),
        "diameter": n.NOTHING if found is None else f"{found.longest_mm:.0f} × {found.perpendicular_mm:.0f}",
        "images": images or n.NOTHING,
        "regions": ", ".join(name.replace("_", " ") for name in visit.regions) or n.NOTHING,
        "alignment": visit.alignment,
    }


def _image_words(role: str, unit: str) -> str:
    """A sequence by its letters, anything else in words, with its unit if it has one."""
    words = role.replace("_", " ") if "_" in role else role.upper()
    return f"{words} ({pretty_unit(unit)})" if pretty_unit(unit) else words


def forecast_rows(results: Results) -> list[dict[str, Any]]:
    """How the twin did at each visit, beside the two simple rules."""
    rows = []
    for visit in results.calibration.get("visits", []):
        scores = visit.get("scores") or {}
        rules = [(key, scores.get(key)) for key in ("twin", "no_change", "exponential_growth")]
        entries = [_score(key, score) for key, score in rules if score]
        base = {"day": n.day(visit["day"]), "name": visit["name"], "held_out": bool(visit.get("held_out"))}
        rows.append(
            {**base, "observed": n.volume(visit.get("observed_volume_ml")), "entries": entries, "span": len(entries)}
        )
    return rows


RULES = {"twin": "Twin", "no_change": "No change", "exponential_growth": "Exponential growth"}


def _score(key: str, score: dict[str, Any]) -> dict[str, Any]:
    low, high = score.get("volume_low_ml"), score.get("volume_high_ml")
    inside = score.get("inside_interval")
    return {
        "rule": RULES[key],
        "is_twin": key == "twin",
        "volume": n.volume(score.get("volume_ml")),
        "interval": "" if low is None else f"{n.volume(low)} – {n.volume(high)}",
        "inside": None if inside is None else bool(inside),
        "error": n.signed(n.percent(score.get("volume_error_percent"))),
        "ccc": two(score.get("ccc")),
        "dice": two(score.get("dice")),
    }


def two(value: Any) -> str:
    """A score with two decimals."""
    return n.NOTHING if value is None or not np.isfinite(value) else f"{value:.2f}".replace("-", "−")


def provenance_rows(results: Results) -> list[dict[str, Any]]:
    """One row a step: when, how long, which seed."""
    return [
        {
            "command": m.get("command", ""),
            "started": str(m.get("started", "")).replace("T", " ").replace("+00:00", " UTC"),
            "duration": n.number(m.get("duration_s")),
            "seed": n.NOTHING if m.get("seed") is None else m["seed"],
            "configuration": m.get("configuration", {}),
            "inputs": m.get("inputs_sha256", {}),
        }
        for m in results.manifests
    ]
