"""One slide: title, subject, notice, and the native shapes that are put on it."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from twin import RESEARCH_USE_ONLY
from twin.visual import palette

Place = tuple[float, float, float, float]
"""Left, top, width, height in inches."""

FACE = "Arial"
SMALLEST = 8.0
"""Points below which no text is made to fit."""


def clean(text: str) -> str:
    """Text without the control characters that an office file cannot hold."""
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "", str(text))


def fitting(paragraphs: Sequence[str], place: Place, size: float) -> float:
    """The largest size in points, ``size`` at most, at which the paragraphs are no taller than their place; a single one,
    such as a caption, keeps its size. A letter of Arial is taken as 0.44 of its size wide."""
    while size > SMALLEST and len(paragraphs) > 1:
        columns = 72 * (place[2] - 0.2) / (0.44 * size)
        lines = sum(math.ceil(len(p) / columns) for p in paragraphs)
        if size / 72 * (1.2 * lines + 0.35 * len(paragraphs)) <= place[3] - 0.1:
            break
        size -= 0.5
    return size


class Sheet:
    """A slide of a presentation, 13.33 x 7.5 inches, with its notice in the foot."""

    def __init__(self, presentation: Any, title: str, subject: str):
        self.slide = presentation.slides.add_slide(presentation.slide_layouts[5])
        head = self.slide.shapes.title
        self._put(head, (0.55, 0.2, 12.25, 0.82))
        self._write(head.text_frame, [title], 24 if len(title) < 66 else 19, bold=True)
        head.text_frame.vertical_anchor = self._anchor("MIDDLE")
        self.text([subject], (0.55, 1.02, 12.25, 0.35), size=11.5, muted=True)
        self.text([RESEARCH_USE_ONLY], (0.55, 7.05, 12.25, 0.3), size=10, muted=True)

    def text(self, paragraphs: Sequence[str], place: Place, size: float = 14, muted: bool = False) -> None:
        """Paragraphs in a box of their own, smaller where they would not fit; nothing for no words."""
        words = [p for p in paragraphs if p]
        if words:
            box = self.slide.shapes.add_textbox(*self._inches(place))
            self._write(box.text_frame, words, fitting(words, place, size), muted=muted)

    def table(
        self,
        head: Sequence[str],
        rows: Sequence[Sequence[str]],
        place: Place,
        size: float = 11,
        widths: Sequence[float] = (),
    ) -> None:
        """A native table with a head row."""
        from pptx.util import Inches

        shape = self.slide.shapes.add_table(len(rows) + 1, len(head), *self._inches(place))
        native = shape.table
        for column, width in zip(native.columns, widths, strict=False):
            column.width = Inches(width)
        for i, row in enumerate([head, *rows]):
            for cell, words in zip(native.rows[i].cells, row, strict=True):
                self._cell(cell, words, size, i == 0, i % 2 == 0)

    def lines(self, title: str, series: Sequence[tuple[str, str, np.ndarray, np.ndarray]], place: Place) -> None:
        """A native scatter chart with lines: (label, colour, x, y) each."""
        from pptx.chart.data import XyChartData
        from pptx.enum.chart import XL_CHART_TYPE, XL_LEGEND_POSITION
        from pptx.util import Pt

        data = XyChartData()
        for label, _, x, y in series:
            one = data.add_series(clean(label))
            for a, b in zip(x, y, strict=True):
                if np.isfinite(b):
                    one.add_data_point(round(float(a), 2), round(float(b), 3))
        chart = self.slide.shapes.add_chart(XL_CHART_TYPE.XY_SCATTER_LINES_NO_MARKERS, *self._inches(place), data).chart
        chart.has_title, chart.has_legend = True, True
        self._write(chart.chart_title.text_frame, [title], 11, bold=True)
        chart.legend.position, chart.legend.include_in_layout = XL_LEGEND_POSITION.RIGHT, False
        chart.font.size, chart.font.name = Pt(9), FACE
        chart.value_axis.has_major_gridlines, chart.value_axis.minimum_scale = True, 0
        chart.value_axis.major_gridlines.format.line.color.rgb = self._rgb(palette.FAINT)
        for plotted, (_, colour, _, _) in zip(chart.plots[0].series, series, strict=True):
            plotted.smooth = False
            plotted.format.line.width, plotted.format.line.color.rgb = Pt(2), self._rgb(colour)

    def picture(self, path: Path, words: str, place: Place) -> None:
        """A picture with its alternative text, as large as fits."""
        from PIL import Image

        with Image.open(path) as image:
            wide, tall = image.size
        left, top, width, height = place
        scale = min(width / wide, height / tall)
        shape = self.slide.shapes.add_picture(str(path), *self._inches((left, top, wide * scale, tall * scale)))
        shape._element.nvPicPr.cNvPr.set("descr", f"{clean(words)}. {RESEARCH_USE_ONLY}")

    def _cell(self, cell: Any, words: str, size: float, head: bool, shaded: bool) -> None:
        from pptx.util import Inches

        cell.fill.solid()
        cell.fill.fore_color.rgb = self._rgb(palette.INK if head else "#f4f6f8" if shaded else palette.PAPER)
        cell.margin_left = cell.margin_right = Inches(0.07)
        cell.margin_top = cell.margin_bottom = Inches(0.03)
        self._write(cell.text_frame, words.split("\n"), size, bold=head, white=head)
        cell.vertical_anchor = self._anchor("MIDDLE")

    def _write(self, frame: Any, paragraphs: Sequence[str], size: float, bold=False, muted=False, white=False) -> None:
        from pptx.util import Pt

        frame.word_wrap = True
        colour = palette.PAPER if white else palette.MUTED if muted else palette.INK
        for i, words in enumerate(paragraphs):
            paragraph = frame.paragraphs[0] if i == 0 else frame.add_paragraph()
            paragraph.alignment = 1
            run = paragraph.add_run()
            run.text = clean(words)
            run.font.size, run.font.bold, run.font.name = Pt(size), bold, FACE
            run.font.color.rgb = self._rgb(colour)
            paragraph.space_after = Pt(0.35 * size if len(paragraphs) > 1 else 0)

    def _put(self, shape: Any, place: Place) -> None:
        shape.left, shape.top, shape.width, shape.height = self._inches(place)

    def _inches(self, place: Place) -> list[Any]:
        from pptx.util import Inches

        return [Inches(v) for v in place]

    def _rgb(self, colour: str) -> Any:
        from pptx.dml.color import RGBColor

        return RGBColor.from_string(colour.lstrip("#").upper())

    def _anchor(self, name: str) -> Any:
        from pptx.enum.text import MSO_ANCHOR

        return getattr(MSO_ANCHOR, name)
