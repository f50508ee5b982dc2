"""Names and notes are a person's words: whatever they hold, they are shown and never run."""

from __future__ import annotations

import copy
import itertools
from dataclasses import replace

import numpy as np
import pytest

from tests.twin.report import fake_results
from tests.twin.report.test_page import Elements
from twin.case.prepared import save_patient
from twin.report import build
from twin.report.charts import Charts, Fan
from twin.report.pictures import Gallery
from twin.report.results import read_results
from twin.store import load_json, save_json
from twin.visual.densities import Agreement, agreement_figure
from twin.visual.fan import Axes, Course, fan_svg, shared_axes
from twin.visual.tracks import Given
from twin.visual.view import view_of

NO_AXES = Axes(1.0, 1.0, 0.1, False, (), {}, None)

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


@pytest.fixture(scope="module")
def poisoned_page(without_scenes, tmp_path_factory):
    folder = tmp_path_factory.mktemp("poisoned")
    patient = fake_results.fake_patient(factor=5)
    fake_results.write_results(folder, patient, arms=("standard", "none"), draws=4)
    parts = load_json(folder / "calibration.json"), load_json(folder / "scenarios.json")
    patient, calibration, study = poison(patient, *parts, ONE_OF_ALL)
    save_patient(patient, folder)
    save_json(folder / "scenarios.json", study)
    save_json(folder / "calibration.json", calibration)
    return without_scenes(folder, folder / "out")


def check(page: str) -> None:
    elements = Elements(page)
    assert not elements.of("script") and not elements.of("iframe") and not elements.of("math")
    for tag, attributes in elements.tags:
        assert not [name for name in attributes if name.startswith("on")], (tag, attributes)
        assert not any((v or "").strip().lower().startswith("javascript") for v in attributes.values())
    assert len(elements.of("style")) == 1 and len(elements.of("title")) == 1


def test_every_payload_in_every_place_stays_text(poisoned_page):
    page = poisoned_page.read_text(encoding="utf-8")
    check(page)
    assert Elements(page).text.count("<script>window.hit=1</script>") > 20


@pytest.mark.slow
def test_two_hundred_strings_in_every_place_of_the_page(tmp_path, monkeypatch):
    monkeypatch.setattr(build, "versions", dict)  # looked up anew for every page: slow and not a person's words
    fake_results.write_results(tmp_path, fake_results.fake_patient(factor=10), arms=("standard", "none"), draws=3)
    results, strings = read_results(tmp_path), [f"{i}{p}" for i in ("", "1 ", "é ", "\u202e") for p in PAYLOADS]
    assert len(strings) >= 200
    gallery = Gallery(view_of(results.patient))
    for string in strings:
        patient, calibration, study = poison(results.patient, results.calibration, results.study, string)
        changed = replace(results, patient=patient, calibration=calibration, study=study)
        check(build.render(changed, gallery, Charts([Fan(string, "#0072B2", string, "")], False, "", {}, [], NO_AXES)))


def test_charts_show_strings_as_letters():
    t = np.arange(3.0)
    for string in [shape.format("window.hit=1") for shape in SHAPES]:
        course = Course(string, string, "#0072B2", t, np.ones((2, 3)), (Given(string, 1.0, 1.0, string),))
        check_svg(fan_svg(course, shared_axes([course], [], None, 0.01), [], None))
        check_svg(str(agreement_figure([Agreement(string, True, 1.0, None, None, None)], as_svg=True)))


def check_svg(text: str) -> None:
    elements = Elements(text)
    assert {tag for tag, _ in elements.tags} <= {"svg", "g", "path", "text", "defs", "use", "clippath", "rect", "tspan"}
    check_fragment(text)


def check_fragment(text: str) -> None:
    for tag, attributes in Elements(text).tags:
        assert tag not in ("script", "iframe", "img", "math")
        assert not [name for name in attributes if name.startswith("on")]
