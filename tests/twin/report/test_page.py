"""The page: offline, complete, in order, accessible; for every kind of results."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest

from tests.twin.report import fake_results
from twin import RESEARCH_USE_ONLY
from twin.report import tables
from twin.report.build import save_pictures
from twin.report.results import read_results
from twin.visual.picture import Picture


class Elements(HTMLParser):
    """Every start tag with its attributes, and the text outside style."""

    def __init__(self, page: str):
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text, self._style = "", False
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._style = tag == "style"

    def handle_endtag(self, tag):
        self._style = False

    def handle_data(self, data):
        if not self._style:
            self.text += data

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def page(flat_report) -> str:
    return flat_report.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def elements(page) -> Elements:
    return Elements(page)


def test_nothing_points_outside(page, elements):
    assert not re.search(r"https?://", page)
    for tag, attributes in elements.tags:
        for name in ("src", "href", "data", "poster", "action", "srcset"):
            value = attributes.get(name) or ""
            assert value == "" or value.startswith(("data:", "#")), (tag, name, value[:60])
    assert "url(" not in re.sub(r"url\(#[\w-]+\)", "", page) and "@import" not in page
    assert not elements.of("script")


def test_the_conclusion_comes_first_then_what_a_board_asks_in_its_order(page, elements):
    headings = [re.sub("<.*?>", "", h) for h in re.findall(r"<h2[^>]*>(.*?)</h2>", page)]
    wanted = ["Conclusion", "What the scans show", "The options compared", "Volume over time", "How likely is one better?"]
    wanted += ["What would change our mind", "How the forecast did", "What the twin learnt", "In plain words", "Provenance"]
    assert [h for h in headings if h in wanted] == wanted
    assert elements.text.index("dose-escalated boost leaves less") < elements.text.index("The options compared")


def test_every_link_leads_to_a_place_of_the_page(elements):
    ids = {a["id"] for _, a in elements.tags if a.get("id")}
    links = [a["href"][1:] for a in elements.of("a")]
    assert len(links) > 8 and set(links) <= ids


def test_every_number_of_the_arms_is_on_the_page(elements, brain_results):
    results = read_results(brain_results)
    rows = tables.arm_rows(results)
    assert len(rows) == 6
    for row in rows:
        wanted = [
            row["label"],
            row["volume_text"],
            row["volume_interval"],
            row["progression_text"],
            row["diameter_interval"],
        ]
        for text in [*wanted, *row["treatment"]] + ([] if row["is_reference"] else [row["difference_interval"]]):
            assert text in elements.text, text


def test_every_parameter_and_score_is_on_the_page(elements, brain_results):
    results = read_results(brain_results)
    for row in tables.parameter_rows(results):
        for text in (row["description"], row["prior_interval"], row["posterior_interval"], row["learnt"]):
            assert text in elements.text, text
    for row in tables.forecast_rows(results):
        for entry in row["entries"]:
            assert entry["volume"] in elements.text and entry["ccc"] in elements.text


def test_every_picture_has_words_and_every_table_scoped_headers(elements):
    images = elements.of("img")
    assert len(images) >= 11
    assert all(len(i["alt"] or "") > 30 and i["width"] and i["height"] for i in images)
    assert all(h.get("scope") in ("col", "row", "rowgroup") for h in elements.of("th"))
    charts = [s for s in elements.of("svg") if "chart" in (s.get("class") or "")]
    assert charts and all(c.get("role") == "img" and c.get("aria-label") for c in charts)
    assert elements.of("html")[0]["lang"] == "en"


def test_ids_are_unique(elements):
    ids = [a["id"] for _, a in elements.tags if a.get("id")]
    assert len(ids) == len(set(ids))


def test_research_use_only_on_top_in_the_foot_and_on_paper(page, elements):
    assert elements.text.strip().index("Research use only.") < elements.text.index("Virtual glioblastoma", 100)
    assert elements.text.count("Research use only.") >= 2
    assert f'content: "{RESEARCH_USE_ONLY}"' in page


def test_what_cannot_be_rendered_is_said_with_the_remedy_or_reason(elements, full_report):
    assert "Two-dimensional pictures only." in elements.text
    assert "Two-dimensional pictures only." not in full_report.read_text(encoding="utf-8")


def test_now_shows_the_twin_beside_what_was_observed(elements, brain_results):
    patient = read_results(brain_results).patient
    observed = patient.seen[-1].whole.sum() * patient.grid.voxel_ml
    assert f"mL, observed {tables.n.volume(observed)} mL".replace("mL, ", "), ", 1) in elements.text


def test_notes_warnings_and_the_alignment_are_told(elements):
    assert "rigid registration" in elements.text and "hardly constrained" in elements.text
    assert "on the baseline grid as given" in elements.text


def test_organs_vessels_and_dose_shells_are_in_the_stills_and_the_scene(full_report):
    pictures, shown = full_report.parent / "pictures", Elements(full_report.read_text(encoding="utf-8")).text
    assert (pictures / "dose-standard.png").exists() and not (pictures / "dose-none.png").exists()
    assert (pictures / "dose-volume.png").exists() and "95 % of the dose" in shown
    assert "cerebral arteries" in shown and "pink, 95 % of the prescribed dose" in shown


def test_pictures_are_written_and_old_ones_removed(flat_report, tmp_path):
    names = {p.name for p in (flat_report.parent / "pictures").glob("*.png")}
    assert {"fans.png", "parameters.png", "agreement.png", "slice-standard.png", "visit-change.png"} <= names
    assert json.loads((flat_report.parent / "manifest-report.json").read_text())["inputs_sha256"]
    (tmp_path / "cutaway-of-yesterday.png").write_bytes(b"old")
    save_pictures([Picture("new", "words", np.zeros((4, 4, 3), np.uint8))], tmp_path)
    assert [p.name for p in tmp_path.glob("*.png")] == ["new.png"]


def test_a_calibration_alone_gives_a_page_that_says_so(without_scenes, tmp_path):
    patient = fake_results.fake_patient(factor=4, held_out=False)
    fake_results.write_results(tmp_path, patient, arms=(), draws=6)
    text = Elements(without_scenes(tmp_path, tmp_path / "out").read_text(encoding="utf-8")).text
    assert "no options have been compared yet" in text and "The options compared" not in text
    assert "not been tested" in text and "observed but held out" not in text and "no change since" not in text


def test_a_breast_patient_without_anatomy(without_scenes, tmp_path):
    fake_results.write_results(
        tmp_path, fake_results.fake_patient("breast", name="A. N."), arms=("standard", "none"), draws=6
    )
    text = Elements(without_scenes(tmp_path, tmp_path / "out").read_text(encoding="utf-8")).text
    assert "names no anatomical image" in text and "breast" in text and "tumour core" not in text
