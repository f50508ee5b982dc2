"""Figures without a window: to pixels for files, to SVG that takes its colours and letters from the page."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from twin.visual import palette
from twin.visual.annotate import STAMP

STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 8.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": palette.MUTED,
    "axes.labelcolor": palette.MUTED,
    "axes.linewidth": 0.7,
    "xtick.color": palette.MUTED,
    "ytick.color": palette.MUTED,
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "xtick.major.size": 3,
    "ytick.major.size": 3,
    "text.color": palette.INK,
    "text.parse_math": False,  # names and labels are a person's words: a dollar sign is no formula
    "svg.fonttype": "none",
    "svg.hashsalt": "oncotwin",
    "hatch.linewidth": 0.6,
    "axes.unicode_minus": True,
}


@contextmanager
def figure(width: float, height: float, ground: str = palette.PAPER) -> Iterator[Any]:
    """An empty figure of that size in inches, in the house style."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(STYLE):
        yield Figure(figsize=(width, height), facecolor=ground)


def stamp(fig: Any, colour: str = palette.MUTED, above: bool = False, size: float = 6) -> None:
    """'Research use only', small, in the lower (or upper) right corner."""
    y, side = (0.992, "top") if above else (0.008, "bottom")
    fig.text(0.995, y, STAMP, ha="right", va=side, fontsize=size, color=colour)


def pixels(fig: Any, dpi: int = 160) -> np.ndarray:
    """The figure as (height, width, 3), uint8."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    fig.set_dpi(dpi)
    canvas = FigureCanvasAgg(fig)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()


def slug(text: str) -> str:
    """A name for files and ids."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:60] or "item"


def svg(fig: Any, name: str, label: str) -> str:
    """The figure as an inline SVG element: colours are the page's variables, letters its fonts, ids unique to ``name``."""
    import html

    stream = io.StringIO()
    nothing = {"Date": None, "Creator": None, "Format": None, "Type": None}
    fig.savefig(stream, format="svg", transparent=True, metadata=nothing)
    text, name = stream.getvalue(), slug(name)
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL)
    text = re.sub(r'(id="|url\(#|xlink:href="#|href="#)', rf"\g<1>{name}-", text).replace("xlink:href", "href")
    text = re.sub(r"<style.*?</style>", "", text, flags=re.DOTALL)
    text = re.sub(r"font: ([^;\"]*?)(\d[\d.]*px)[^;\"]*", _font, text)
    text = re.sub(r"font-family: [^;\"]*;? ?", "", text)
    text = re.sub(r"#([0-9a-fA-F]{6})\b", _colour, text)
    width, height = (72 * v for v in fig.get_size_inches())
    head = f'<svg role="img" aria-label="{html.escape(label, quote=True)}" viewBox="0 0 {width:g} {height:g}" class="chart">'
    return re.sub(r"<svg[^>]*>", head, text, count=1)


def _font(match: re.Match) -> str:
    weight = re.search(r"\b(bold|[1-9]00)\b", match[1])
    return f"font-size: {match[2]}" + (f"; font-weight: {weight[1]}" if weight else "")


def _colour(match: re.Match) -> str:
    name = palette.VARIABLES.get("#" + match[1].lower())
    return f"var({name})" if name else match[0]
