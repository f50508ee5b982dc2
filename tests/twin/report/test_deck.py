"""Slides: native tables and charts with the page's numbers, the notice on each, any name a person may write."""

from __future__ import annotations

import pytest

from tests.twin.report.poison import ONE_OF_ALL, poison
from twin import RESEARCH_USE_ONLY
from twin.case.prepared import save_patient
from twin.report import tables
from twin.report.deck import write_slides
from twin.report.results import read_results
from twin.report.sheet import clean, fitting
from twin.store import load_json, save_json

pptx = pytest.importorskip("pptx")


def words(slide) -> str:
    found = [s.text_frame.text for s in slide.shapes if s.has_text_frame]
    rows = [r for s in slide.shapes if s.has_table for r in s.table.rows]
    return "\n".join([*found, *(c.text for r in rows for c in r.cells)])


def test_every_slide_carries_the_notice_and_the_first_tells_all_options(brain_results, flat_report, tmp_path):
    slides = pptx.Presentation(str(write_slides(brain_results, flat_report.parent))).slides
    assert len(slides) >= 4 and all(RESEARCH_USE_ONLY in words(s) and s.shapes.title.text for s in slides)
    first = words(slides[0])
    for row in tables.arm_rows(read_results(brain_results)):
        assert row["label"] in first and row["volume_text"] in first
    charts = [s.chart for s in slides[0].shapes if s.has_chart]
    assert charts[0].value_axis.minimum_scale == 0, "a small change must not look large"
    assert len(charts) == 1 and len(list(charts[0].plots[0].series)) == 6
    pictures = [s for slide in slides for s in slide.shapes if s.shape_type == 13]
    assert pictures and all("Research use only" in p._element.nvPicPr.cNvPr.get("descr") for p in pictures)


def test_names_with_markup_and_control_characters_stay_text(brain_results, tmp_path):
    results = read_results(brain_results)
    parts = load_json(brain_results / "calibration.json"), load_json(brain_results / "scenarios.json")
    patient, calibration, study = poison(results.patient, *parts, "\x00\x1b" + ONE_OF_ALL)
    for name in ("posterior.zarr", "fit.zarr", "scenarios.zarr"):
        (tmp_path / name).symlink_to(brain_results / name)
    save_patient(patient, tmp_path)
    save_json(tmp_path / "calibration.json", calibration)
    save_json(tmp_path / "scenarios.json", study)
    slides = pptx.Presentation(str(write_slides(tmp_path))).slides
    assert "<script>window.hit=1</script>" in words(slides[0])


def test_a_twin_that_misses_the_last_scan_compares_nothing_on_page_or_slide(brain_results, without_scenes, tmp_path):
    study = load_json(brain_results / "scenarios.json")
    missed = [dict(c, verdict="not ranked") for c in study["comparisons"]]
    for path in brain_results.iterdir():
        if path.name in ("patient.json", "calibration.json") or path.suffix == ".zarr":
            (tmp_path / path.name).symlink_to(path)
    save_json(tmp_path / "scenarios.json", dict(study, comparisons=missed, ranking=None))
    page = without_scenes(tmp_path, tmp_path).read_text(encoding="utf-8")
    slides = "\n".join(words(s) for s in pptx.Presentation(str(write_slides(tmp_path))).slides)
    assert "Nothing is compared." in page
    for told in ("Smaller", "Difference", "How likely is one better", "Response by", "paired"):
        assert told not in slides and told not in page


def test_long_text_is_smaller_and_short_text_is_not():
    place = (0.55, 1.5, 12.2, 5.3)
    assert fitting(["A limit."] * 5, place, 13) == 13
    few, many = (
        fitting(["A doubt of this twin that fills about a line and a half of the slide. " * 3] * k, place, 13)
        for k in (12, 20)
    )
    assert 8 <= many < few < 13


def test_control_characters_are_left_out_and_lines_kept():
    assert clean("a\x00b\x0bc\nd\té") == "abc\nd\té"
