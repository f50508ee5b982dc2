"""Results in which every name and note is hostile."""

from __future__ import annotations

import copy
import itertools

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


def poison(patient, calibration: dict, study: dict, text: str):
    """The same results with ``text`` in every place that a person can write to."""
    study, calibration = copy.deepcopy(study), copy.deepcopy(calibration)
    for arm in study["arms"]:
        arm |= {"label": text, "words": text}
        for row in arm["schedule"]:
            row["what"] = text
    study["conclusion"] = [text, text]
    study["failed"] = [{"arm": text, "draw": 1, "reason": text}]
    calibration |= {"sentences": [text], "warnings": [text], "model": text, "method": text, "citations": [text]}
    for visit in calibration["visits"]:
        visit["name"] = text
    return fake_results.renamed(patient, text), calibration, study
