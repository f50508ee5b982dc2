"""A growth rate that differs from place to place: its map and, below it, how sure it is, on three planes."""

from __future__ import annotations

from typing import Any

import numpy as np

from twin.grid import Box
from twin.visual import palette
from twin.visual.figure import figure, pixels, stamp
from twin.visual.slices import LIGHT, PLANES, Slice
from twin.visual.view import View

COLOURS = "cividis"
"""Read alike by all kinds of colour vision, and by grey printers: brighter is more."""

ROWS = ("growth rate, posterior mean", "its posterior standard deviation")
WIDTH, BAR, HEAD = 11.0, 1.0, 0.30
"""Inches: of the picture, of the strip with the colour bar, and of the words above each row."""


def growth_map(view: View, mean: np.ndarray, spread: np.ndarray, place: np.ndarray, box: Box) -> np.ndarray:
    """Rows: mean and standard deviation (z, y, x; 1/day) where ``place`` is true, each with its own scale.

    White dashed line: where the mean is zero, growth on one side and loss of cells on the other.
    """
    slices = [Slice(view, plane) for plane in PLANES]
    windows = [s.window(box) for s in slices]
    wide, tall = sum(w[1] - w[0] for w in windows), max(w[3] - w[2] for w in windows)
    height = (WIDTH - BAR) * tall / wide
    with figure(WIDTH, 2 * (height + HEAD), palette.SCREEN) as fig:
        for row, (values, words) in enumerate(zip((mean, spread), ROWS, strict=True)):
            bottom = (1 - row) / 2
            _row(fig, view, slices, box, np.ma.masked_array(view.show(values), ~view.show(place)), bottom, height, words)
        stamp(fig, LIGHT, above=True)
        return pixels(fig)


def _row(fig: Any, view: View, slices, box: Box, values: Any, bottom: float, height: float, words: str) -> None:
    total, left = 2 * (height + HEAD), 0.0
    low, high = _limits(values)
    windows = [s.window(box) for s in slices]
    wide, tall = sum(w[1] - w[0] for w in windows), max(w[3] - w[2] for w in windows)
    for piece, window in zip(slices, windows, strict=True):
        width, share = (window[1] - window[0]) / wide * (WIDTH - BAR) / WIDTH, (window[3] - window[2]) / tall
        ax = fig.add_axes((left, bottom + (1 - share) / 2 * height / total, width, share * height / total))
        left += width
        piece.draw(ax, view.image)
        piece.draw(ax, values, cmap=COLOURS, vmin=low, vmax=high, interpolation="nearest")
        if low < 0 < high:
            _zero(ax, piece, values)
        piece.finish(ax, box, scale_bar=piece.plane == "sagittal")
    fig.text(0.008, bottom + (height + 0.4 * HEAD) / total, f"{words}, /day", color=LIGHT, fontsize=9.5, va="center")
    _bar(fig, (1 - 0.8 * BAR / WIDTH, bottom + 0.08 * height / total, 0.012, 0.84 * height / total), low, high)


def _limits(values: Any) -> tuple[float, float]:
    """From zero, or from below it, to the highest value shown; never of no width."""
    shown = values.compressed()
    low, high = (float(f(shown)) for f in (np.min, np.max)) if shown.size else (0.0, 1.0)
    return min(low, 0.0), max(high, min(low, 0.0) + 1e-6)


def _zero(ax: Any, piece: Slice, values: Any) -> None:
    cut: Any = piece.cut(values)
    (dy, dx), (rows, columns) = piece.steps, cut.shape
    if cut.count() and cut.min() < 0 < cut.max():
        looks = {"colors": "white", "linestyles": "--", "linewidths": 1.1}
        ax.contour(np.arange(columns) * dx, np.arange(rows) * dy, cut, [0.0], **looks)


def _bar(fig: Any, place: tuple[float, float, float, float], low: float, high: float) -> None:
    ax = fig.add_axes(place)
    ax.imshow(np.linspace(low, high, 128)[:, None], cmap=COLOURS, aspect="auto", origin="lower", extent=(0, 1, low, high))
    ax.set_xticks([])
    ax.yaxis.tick_right()
    ax.tick_params(length=2, pad=2, colors=LIGHT, labelsize=8)
    ax.locator_params(axis="y", nbins=5)
    for edge in ax.spines.values():
        edge.set_visible(False)
