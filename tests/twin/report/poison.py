"""Results in which every name and note is hostile."""

from __future__ import annotations

import copy
import itertools
from dataclasses import replace

from tests.twin.report import fake_results

SHAPES = (
    "<script>{0}</script>",
    "<img src=x onerror={0}>",
    '"><svg onload={0}>',
    "' onmouseover='{0}",
    '" autofocus onfocus="{0}',
    "</style><script>{0}</script>",
    "</title><script>{0}</script>",
    "<a href='javascript:{0}'>x</a>",
    "{{{{ {0} }}}}",
    "{{% set x = {0} %}}",
    "<iframe srcdoc='<script>{0}</script>'>",
    "<math><mtext></mtext><script>{0}</script></math>",
    "$\\frac{{{0}}}$ & <b>bold</b> ]]> <!-- {0} -->",
)
CALLS = ("window.hit=1", "alert(1)", "parent.hit=1", "top['hit']=1")
PAYLOADS = [shape.format(call) for shape, call in itertools.product(SHAPES, CALLS)]
ONE_OF_ALL = " ".join(shape.format("window.hit=1") for shape in SHAPES)


def organ_names(text: str) -> list[str]:
    """Names of an organ, of vessels and of a target that hold ``text``, as a case file could."""
    return [f"{text} stem", f"vessels {text}", f"ptv {text}"]


def organs_of(study: dict, text: str) -> None:
    """The dose block of every arm with such an organ, a drug and their sentences."""
    names = organ_names(text)
    dose = {"organ": names[0], "mean_gy": 10.0, "max_gy": 20.0, "ntcp": 0.1, "complication": text, "exceeded": True}
    dose |= {"limit": "max", "limit_gy": 15.0, "at_limit_gy": 20.0, "citations": [text], "confirm": True}
    reach = {"organ": names[0], "probability": 0.4, "arrival_days": {"median": 9.0, "low": 5.0, "high": 20.0}}
    drug = {"drug": text, "total": 5.0, "unit": text, "limit": 4.0, "sentence": text}
    for arm in study["arms"]:
        arm["dose"] = {"mapped": True, "note": text, "organs": [dose], "drugs": [drug]}
        arm["infiltration"] = [reach | {"share_at_horizon": 0.1}]


def track_of(text: str) -> dict:
    """A track record whose scan and remark were named by a person."""
    score = {"number": 1, "made": text, "decision_day": 42.0, "visit": text, "day": 90.0, "observed_ml": 50.0, "role": text}
    score |= {"median_ml": 45.0, "intervals_ml": {"90": [40.0, 48.0]}, "inside": {"90": False}, "error_percent": -10.0}
    summary = {"scored": 1, "inside": {"90": 0, "50": 0}, "mean_crps_ml": 3.0, "mean_crps_no_change_ml": 5.0}
    remark = {"made": text, "role": text, "text": text, "volume_ml": 60.0, "day": 90.0}
    return {"forecasts": [{}], "scores": [score], "summary": summary, "remarks": [remark], "head": text}


def doses_of(patient, arms: tuple[str, ...], text: str):
    """A dose store whose organs and source hold ``text``."""
    doses = fake_results.fake_doses(patient, arms, f"{fake_results.SYNTHETIC}: {text}")
    return doses.assign_coords(organ=organ_names(text))


def poisoned(results, text: str):
    """The whole of the results with ``text`` wherever a person, or a file that a person named, can write."""
    patient, calibration, study = poison(results.patient, results.calibration, results.study, text)
    calibration |= {"growth_field": text, "field": {"coefficients": 3, "effective_number": 2.0}}
    steps = [{"command": text, "started": text, "configuration": {text: text}, "inputs_sha256": {text: text}}]
    rate = results.fit["probability"].isel(visit=0, drop=True)
    return replace(
        results,
        patient=fake_results.with_organs(patient, *organ_names(text)),
        calibration=calibration,
        study=study,
        fit=results.fit.assign(growth_rate=rate, growth_rate_spread=rate),
        doses=doses_of(results.patient, tuple(a["id"] for a in study["arms"]), text),
        track=track_of(text),
        manifests=tuple(dict(s, citations=[text]) for s in steps),
    )


def newer_sections(study: dict, text: str) -> None:
    """What names, sentences and labels of the later sections could hold."""
    organs_of(study, text)
    ids = [arm["id"] for arm in study["arms"]]
    option = {"probability_best": 0.5, "regret": {"mean": 1.0, "high": 2.0}}
    scan = {"scan_day": 90.0, "value_ml": 1.0, "error_ml": 0.1, "perfect_ml": 2.0, "sentence": text}
    options = [dict(option, arm=a) for a in ids]
    study["ranking"] = {"draws": 4, "sentence": text, "options": options, "waiting": [scan]}
    study |= {"limits": [text], "citations": [text]}
    endpoint = {
        "endpoint": "visible-volume",
        "label": text,
        "unit": text,
        "median": 1.0,
        "low": 0.0,
        "high": 2.0,
        "share": 1.0,
    }
    told = {"day": 90.0, "shares": {text: 1.0}, "typical": {"rule": text, "size": 4.0, "category": text}}
    response = {"criteria": text, "measure": text, "citation": text, "unit": text, "scans": [told]}
    for arm in study["arms"]:
        arm["response"] = response
        arm["endpoints"] = [endpoint]
        arm["notes"] = [text]
    for comparison in study["comparisons"]:
        comparison |= {"label": text, "unit": text}


def poison(patient, calibration: dict, study: dict, text: str):
    """The same results with ``text`` in every place that a person can write to."""
    study, calibration = copy.deepcopy(study), copy.deepcopy(calibration)
    for arm in study["arms"]:
        arm |= {"label": text, "words": text}
        for row in arm["schedule"]:
            row["what"] = text
    newer_sections(study, text)
    study["conclusion"] = [text, text]
    study["failed"] = [{"arm": text, "draw": 1, "reason": text}]
    calibration |= {"sentences": [text], "warnings": [text], "model": text, "method": text, "citations": [text]}
    for visit in calibration["visits"]:
        visit["name"] = text
    return fake_results.renamed(patient, text), calibration, study
