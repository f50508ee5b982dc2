"""Sentences and key numbers of the page, each taken from the results."""

from __future__ import annotations

from typing import Any

import numpy as np

from twin.report import numbers as n
from twin.report.results import Results
from twin.report.tables import two
from twin.report.verdicts import verdict_table
from twin.visual import palette

LIMITS = (
    "The twin is a mathematical model of growth and treatment fitted to a few scans of one patient. It knows what the "
    "scans and the listed treatments show and nothing else: no symptoms, no steroids, no molecular markers.",
    "Intervals hold the uncertainty of the parameters within this model. They do not hold the possibility that the model "
    "itself is wrong for this patient, and they narrow when several parameters are fixed.",
    "Visible volume is not tumour burden: cells below the threshold of visibility are there and are modelled, but no "
    "scan has shown them. Treatment effects on the image (pseudoprogression, oedema under steroids) can mislead the twin as "
    "they mislead a reader.",
    "No result here is a statement about survival, and nothing here has been validated for clinical use. Intended use: "
    "research and teaching, by people who can judge the model and its data.",
)


def conclusion(results: Results) -> list[str]:
    """What was found, in sentences; the first one leads the page. Of many options the others are a table."""
    if results.study and results.study.get("conclusion"):
        told = [str(s) for s in results.study["conclusion"]]
        if "limits" in results.study and verdict_table(results):
            return [told[0], *(str(s) for s in results.study["limits"])]
        return told
    return [_calibrated(results), *(str(s) for s in results.calibration.get("sentences", []))]


def _calibrated(results: Results) -> str:
    """The lead of a page without options: what was fitted and how the forecast did."""
    seen, rows = results.patient.seen, _held_out(results)
    visits = "one visit" if len(seen) == 1 else f"{len(seen)} visits"
    first = f"The twin is calibrated on {visits} up to day {n.day(seen[-1].day)}"
    if not rows:
        return f"{first}; no visit was held out to test it, and no options have been compared yet."
    inside = sum(bool(r["scores"]["twin"].get("inside_interval")) for r in rows)
    return (
        f"{first}; at {inside} of {len(rows)} held-out visits the observed volume lies inside the forecast's 90 % interval."
    )


def tiles(results: Results) -> list[dict[str, str]]:
    """Three key numbers: observed now, expected under the reference arm, how the forecast did."""
    return [tile for tile in (_observed(results), _expected(results), _tested(results)) if tile]


def _observed(results: Results) -> dict[str, str] | None:
    seen = [v for v in results.patient.seen if v.whole is not None]
    if not seen:
        return None
    visit = seen[-1]
    ml = float(visit.whole.sum()) * results.patient.grid.voxel_ml if visit.whole is not None else float("nan")
    note = f"{visit.name}, the last visit that the twin has seen"
    return {"label": f"Observed, day {n.day(visit.day)}", "value": n.volume(ml), "unit": "mL", "interval": "", "note": note}


def _expected(results: Results) -> dict[str, str] | None:
    if results.reference is None or results.is_refuted:
        return None
    label = next(a["label"] for a in results.arms if a["id"] == results.reference)
    low, middle, high = n.summary(results.at_day(results.reference, "volume_ml", results.horizon_day))
    return {
        "label": f"{label}, day {n.day(results.horizon_day)}",
        "value": n.volume(middle),
        "unit": "mL",
        "interval": f"{n.volume(low)} – {n.volume(high)}",
        "note": "median and 90 % interval of the visible volume, the reference for every comparison",
    }


def _tested(results: Results) -> dict[str, str] | None:
    rows = _held_out(results)
    if not rows:
        note = "no visit was held out, so this forecast has not been tested on this patient"
        return {"label": "Forecast tested", "value": "0", "unit": "visits", "interval": "", "note": note}
    inside = sum(bool(r["scores"]["twin"].get("inside_interval")) for r in rows)
    return {
        "label": "Forecast tested",
        "value": f"{inside} of {len(rows)}",
        "unit": "",
        "interval": "",
        "note": "held-out visits whose observed volume lies inside the forecast's 90 % interval",
    }


def _held_out(results: Results) -> list[dict[str, Any]]:
    visits = results.calibration.get("visits", [])
    return [v for v in visits if v.get("held_out") and (v.get("scores") or {}).get("twin")]


def forecast_verdict(results: Results) -> str:
    """One sentence on the last held-out visit against the two simple rules."""
    rows = _held_out(results)
    if not rows:
        return "No visit was held out: how well this twin forecasts this patient is unknown."
    last = rows[-1]
    said = {key: (last["scores"].get(key) or {}).get("ccc") for key in ("twin", "no_change", "exponential_growth")}
    words = f"At the last held-out visit (day {n.day(last['day'])}) the agreement of the predicted cell fraction with the "
    words += f"observed one (CCC, 1 is perfect) was {two(said['twin'])}"
    rules = [(two(said["no_change"]), "assuming no change")] if said["no_change"] is not None else []
    rules += [(two(said["exponential_growth"]), "exponential growth")] if said["exponential_growth"] is not None else []
    if rules:
        words += "; " + " and ".join(f"{value} for {rule}" for value, rule in rules)
    best = max((v for k, v in said.items() if k != "twin" and v is not None), default=None)
    if best is not None and said["twin"] is not None and said["twin"] <= best:
        words += ". The twin did not beat the simple rules here"
    return f"{words}. {_volume_verdict(last)}".rstrip()


def _volume_verdict(visit: dict[str, Any]) -> str:
    """A good overlap of cells can go with a wrong volume: said beside it."""
    twin, observed = visit["scores"]["twin"], visit.get("observed_volume_ml")
    if observed is None or twin.get("volume_ml") is None:
        return ""
    words = f"It forecast {n.volume(twin['volume_ml'])} mL where {n.volume(observed)} mL were observed"
    if twin.get("inside_interval") is None:
        return words + "."
    return f"{words}, {'inside' if twin['inside_interval'] else 'outside'} its 90 % interval."


def ranges(arms: list[dict[str, Any]], log: bool) -> dict[str, Any]:
    """Places (0 to 100) of every arm's interval on one axis, with the axis' marks."""
    values = [v for a in arms for v in a["volume"] if np.isfinite(v)]
    if not values:
        return {"rows": {}, "marks": [], "log": log}
    floor = max(min(values) * 0.8, 0.01)
    low, high = (np.log(floor), np.log(max(values) * 1.15)) if log else (0.0, max(values) * 1.06)

    def place(value: float) -> float:
        working = np.log(max(value, floor)) if log else value
        return round(float(100 * (working - low) / max(high - low, 1e-9)), 2)

    rows = {a["id"]: [place(v) for v in a["volume"]] for a in arms}
    marks = [(place(m), f"{m:g}") for m in _marks(floor if log else 0.0, max(values), log)]
    return {"rows": rows, "marks": marks, "log": log}


def _marks(low: float, high: float, log: bool) -> list[float]:
    if log:
        marks = [f * 10.0**d for d in range(-2, 4) for f in (1, 2, 5) if low <= f * 10.0**d <= high]
        return marks if len(marks) <= 4 else marks[:: -(-len(marks) // 4)]
    step = 10.0 ** np.floor(np.log10(max(high, 1e-6)))
    step = next(s for s in (step * f for f in (0.2, 0.5, 1, 2, 5)) if high / s <= 4)
    return [round(float(i * step), 6) for i in range(int(high / step) + 1)]


def legend(results: Results) -> list[tuple[str, str, str]]:
    """(sign, colour, words) of the outlines on slices."""
    rows = [("line", palette.WHOLE, "visible lesion as segmented")]
    if any(v.core is not None for v in results.patient.visits):
        rows.append(("line", palette.CORE, "tumour core as segmented"))
    rows += [
        ("dash", palette.PREDICTED, "predicted outline (half of the courses)"),
        ("band", palette.PREDICTED, "5 – 95 % of the courses"),
        ("fill", palette.GROWTH, "growth"),
        ("hatch", "#9fb0bf", "shrinkage"),
    ]
    return rows


def problems(results: Results) -> list[tuple[str, str]]:
    """(kind, sentence) of everything doubtful: notes of the data, warnings of the calibration, failed runs."""
    found = [("data", str(note)) for note in results.patient.notes]
    found += [("calibration", str(w)) for w in results.calibration.get("warnings", [])]
    labels = {a["id"]: a["label"] for a in results.arms}
    for failure in (results.study or {}).get("failed", []):
        arm = labels.get(failure.get("arm"), failure.get("arm"))
        advice = f" ({failure['advice']})" if failure.get("advice") else ""
        found.append(("run", f"{arm}, draw {failure.get('draw')}: {failure.get('reason')}{advice}"))
    return found


METHODS = {
    "laplace": "Laplace approximation at the best fit",
    "sampler": "draws weighed by the exact objective (adaptive importance sampling)",
}


def method(results: Results) -> str:
    """How the posterior was made, in words."""
    name = str(results.calibration.get("method", ""))
    return METHODS.get(name, name)


def citations(results: Results) -> list[str]:
    """Every source that the steps cited, once."""
    sources = [m.get("citations", []) for m in results.manifests]
    sources += [results.calibration.get("citations", []), (results.study or {}).get("citations", [])]
    return sorted({str(c) for part in sources for c in part})
