"""Names and notes are a person's words: whatever they hold, they are shown and never run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from markupsafe import escape

from tests.twin.report import fake_results
from tests.twin.report.poison import PAYLOADS, SHAPES, poisoned
from tests.twin.report.test_page import Elements
from twin.report import build, dose_volume
from twin.report.charts import Charts, Fan
from twin.report.pictures import Gallery
from twin.report.results import read_results
from twin.visual.densities import Agreement, agreement_figure
from twin.visual.dose_volume import Curve, dose_volume_svg
from twin.visual.fan import Axes, Course, fan_svg, shared_axes
from twin.visual.picture import Picture
from twin.visual.tracks import Given
from twin.visual.view import view_of

SECTIONS = ("options", "fans", "chances", "response", "organs", "dvh", "rethink", "record", "growth", "endpoints")
"""Every section in which a person's words stand; each must show them, as letters."""

NO_AXES = Axes(1.0, 1.0, 0.1, False, (), {}, None)


def check(page: str) -> None:
    elements = Elements(page)
    scripts = elements.of("script")
    assert [s.get("type") for s in scripts] in ([], ["application/json", "text/plain", None])
    assert not any("src" in s for s in scripts) and not elements.of("iframe") and not elements.of("math")
    for tag, attributes in elements.tags:
        assert not [name for name in attributes if name.startswith("on")], (tag, attributes)
        assert not any((v or "").strip().lower().startswith("javascript") for v in attributes.values())
    assert len(elements.of("style")) == 1 and len(elements.of("title")) == 1


def test_every_payload_in_every_place_stays_text(poisoned_page):
    page = poisoned_page.read_text(encoding="utf-8")
    check(page)
    script = (Path(build.__file__).parent / "scene.js").read_text(encoding="utf-8")
    assert page.count("<script") == 3 and f"<script>{script}</script>" in page
    assert Elements(page).text.count("<script>window.hit=1</script>") > 20


@pytest.mark.slow
def test_two_hundred_strings_in_every_place_of_the_page(tmp_path, monkeypatch):
    monkeypatch.setattr(build, "versions", dict)  # looked up anew for every page: slow and not a person's words
    fake_results.write_results(tmp_path, fake_results.fake_patient(factor=10), arms=("standard", "none"), draws=3)
    results, strings = read_results(tmp_path), [f"{i}{p}" for i in ("", "1 ", "é ", "\u202e") for p in PAYLOADS]
    assert len(strings) >= 200
    monkeypatch.setattr(dose_volume, "dose_volume_svg", lambda *_: "")  # drawn for every shape in the test below
    gallery = Gallery(view_of(results.patient))
    for string in strings:
        changed = poisoned(results, string)
        gallery.growth = Picture("growth", string, np.zeros((4, 4, 3), np.uint8), string, string)
        doses = dose_volume.dose_volumes(changed)
        page = build.render(
            changed, gallery, Charts([Fan(string, "#0072B2", string, "")], False, "", {}, [], NO_AXES, doses)
        )
        check(page)
        for section in SECTIONS:
            part = page[page.index(f'<h2 id="{section}"') :]
            assert str(escape(string)) in part[: part.index("</section>")], section


def test_charts_show_strings_as_letters():
    t = np.arange(3.0)
    for string in [shape.format("window.hit=1") for shape in SHAPES]:
        course = Course(string, string, "#0072B2", t, np.ones((2, 3)), (Given(string, 1.0, 1.0, string),))
        check_svg(fan_svg(course, shared_axes([course], [], None, 0.01), [], None))
        curve = Curve(string, "#AA4499", 0, False, t, 1 - t / 3, (1.0, 0.0))
        check_svg(dose_volume_svg(string, string, [curve], 3.0))
        check_svg(str(agreement_figure([Agreement(string, True, 1.0, None, None, None)], as_svg=True)))


def check_svg(text: str) -> None:
    elements = Elements(text)
    assert {tag for tag, _ in elements.tags} <= {"svg", "g", "path", "text", "defs", "use", "clippath", "rect", "tspan"}
    check_fragment(text)


def check_fragment(text: str) -> None:
    for tag, attributes in Elements(text).tags:
        assert tag not in ("script", "iframe", "img", "math")
        assert not [name for name in attributes if name.startswith("on")]
