"""The page on paper: same words, no script, a PDF by whichever printer is here, a refusal in words where none is."""

from __future__ import annotations

import re

import pytest

from tests.twin.report.test_page import Elements
from twin import RESEARCH_USE_ONLY
from twin.errors import OncotwinError
from twin.report import paper


@pytest.fixture(scope="module")
def printed(flat_report) -> str:
    return paper.on_paper(flat_report.read_text(encoding="utf-8"))


def test_the_paper_says_what_the_page_says(flat_report, printed):
    page = re.sub(r"<script.*?</script>", "", flat_report.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert Elements(printed).text.split() == Elements(page).text.split()


def test_no_script_no_variable_in_a_drawing_and_no_transparent_picture_is_left(printed):
    assert "<script" not in printed and "data:image/webp" not in printed and "data:image/jpeg;base64," in printed
    assert not [svg for svg in re.findall(r"<svg.*?</svg>", printed, re.DOTALL) if "var(" in svg]


def test_colours_of_paper_are_those_of_the_print_rules():
    css = (
        "<style>:root { --ink: #111111; --c-a: #aa0000; } @media (prefers-color-scheme: dark) { :root { --ink: #eeeeee; } }"
    )
    css += "@media print { :root { --ink: #000; } * { color: red } }</style>"
    assert paper.paper_colours(css) == {"--ink": "#000", "--c-a": "#aa0000"}


def test_a_machine_with_neither_printer_is_told_what_to_install(monkeypatch):
    monkeypatch.setattr(paper, "has_weasyprint", lambda: False)
    monkeypatch.setattr(paper, "browser", lambda: None)
    with pytest.raises(OncotwinError) as refused:
        paper.printer_here()
    assert "Pango" in refused.value.what and "apt-get install" in refused.value.remedy


def test_without_pango_the_browser_prints(monkeypatch):
    monkeypatch.setattr(paper, "has_weasyprint", lambda: False)
    monkeypatch.setattr(paper, "browser", lambda: "/usr/bin/chromium")
    assert paper.printer_here() is paper.by_browser


@pytest.mark.slow
@pytest.mark.parametrize("printer", ["weasyprint", "browser"])
def test_the_pdf_has_pages_and_the_notice(printer, flat_report, tmp_path, monkeypatch):
    if printer == "browser":
        monkeypatch.setattr(paper, "has_weasyprint", lambda: False)
    if not (paper.has_weasyprint() if printer == "weasyprint" else paper.browser()):
        pytest.skip(f"no {printer} on this machine")
    made = paper.write_pdf(flat_report, tmp_path / "report.pdf").read_bytes()
    assert made.startswith(b"%PDF") and len(made) > 50_000
    assert RESEARCH_USE_ONLY in flat_report.read_text(encoding="utf-8")
