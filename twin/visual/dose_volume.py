"""Cumulative dose-volume histograms of one option: organs as thin lines, targets as thick ones, limits as marks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from twin.visual.figure import figure, pixels, stamp, svg
from twin.visual.palette import FAINT, INK

DASHES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (1.5, 1.5)))
"""Line styles, so that no curve depends on its colour alone; in the order of palette and legend."""


@dataclass(frozen=True)
class Curve:
    """The share (0 to 1) of one structure with ``dose_gy`` or more.

    ``limit`` is a point (Gy, share) that the curve should pass on its left, ``mean_limit_gy`` a limit of the mean dose.
    """

    name: str
    colour: str
    dash: int
    is_target: bool
    dose_gy: np.ndarray = field(repr=False)
    share: np.ndarray = field(repr=False)
    limit: tuple[float, float] | None = None
    mean_limit_gy: float | None = None


def dose_volume_svg(name: str, label: str, curves: Sequence[Curve], highest: float) -> str:
    """The histograms of one option as an inline SVG element; ``highest`` is the end of the shared dose axis, Gy."""
    with figure(3.9, 2.62) as fig:
        draw(fig.add_axes((0.125, 0.16, 0.845, 0.80)), curves, highest)
        return svg(fig, f"dvh-{name}", f"Dose-volume histograms, {label}: share of each structure with that EQD2 or more")


def dose_volumes_png(options: Sequence[tuple[str, Sequence[Curve]]], highest: float) -> np.ndarray:
    """All options (label, curves) in one picture with the names of the structures, for the file."""
    columns = min(3, len(options))
    lines = -(-len(options) // columns)
    with figure(4.0 * columns, 2.9 * lines + 0.55) as fig:
        tall = fig.get_size_inches()[1]
        for i, (label, curves) in enumerate(options):
            row, column = divmod(i, columns)
            bottom = 1 - (2.9 * (row + 1) - 0.42) / tall
            ax = fig.add_axes(((column + 0.12) / columns, bottom, 0.85 / columns, 2.15 / tall))
            draw(ax, curves, highest)
            ax.set_title(label, fontsize=9.5, fontweight="bold", color=INK, loc="left", pad=4)
        fig.legend(*ax.get_legend_handles_labels(), loc="lower center", ncols=4, frameon=False, fontsize=8)
        stamp(fig)
        return pixels(fig)


def draw(ax: Any, curves: Sequence[Curve], highest: float) -> None:
    """The curves on existing axes, with their limits."""
    for c in curves:
        width = 2.3 if c.is_target else 1.4
        ax.plot(c.dose_gy, 100 * c.share, color=c.colour, lw=width, ls=DASHES[c.dash], label=c.name, zorder=3)
        if c.limit is not None:
            looks = {"marker": "v", "ms": 6.5, "mfc": c.colour, "mec": INK, "mew": 0.6, "ls": "none", "clip_on": False}
            ax.plot([c.limit[0]], [100 * c.limit[1]], zorder=5, **looks)
        if c.mean_limit_gy is not None:
            looks = {"marker": "|", "ms": 11, "mec": c.colour, "mew": 2.2, "ls": "none", "clip_on": False}
            ax.plot([c.mean_limit_gy], [0], zorder=5, **looks)
    ax.set_xlim(0, highest)
    ax.set_ylim(0, 101)
    ax.set_xlabel("EQD2, Gy", fontsize=7.5, labelpad=2)
    ax.set_ylabel("% of the structure", fontsize=7.5, labelpad=2)
    ax.grid(color=FAINT, lw=0.6, zorder=0)
    ax.set_axisbelow(True)
