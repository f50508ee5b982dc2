"""Volume over time as a fan for each arm: median, 50 % and 90 % intervals, what was observed, what is given when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from twin.visual.figure import figure, pixels, stamp, svg
from twin.visual.palette import FAINT, INK, MUTED, PAPER, UNTREATED
from twin.visual.tracks import Given, draw_tracks, rows_of

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True)
class Course:
    """One arm: draws of the volume (draw, t) in mL at the days ``t``, and its treatments."""

    name: str
    label: str
    colour: str
    t: np.ndarray = field(repr=False)
    volume_ml: np.ndarray = field(repr=False)
    given: tuple[Given, ...] = field(repr=False, default=())

    @property
    def bands(self) -> np.ndarray:
        """(quantile, t)."""
        return np.nanquantile(self.volume_ml, QUANTILES, axis=0)


@dataclass(frozen=True)
class Observation:
    """An observed volume; ``held_out`` ones were not shown to the twin."""

    day: float
    volume_ml: float
    held_out: bool


@dataclass(frozen=True)
class Axes:
    """What all fans of a page share."""

    last_day: float
    top_ml: float
    floor_ml: float
    log: bool
    rows: tuple[str, ...]
    largest: dict[str, float]
    decision: float | None


def shared_axes(courses: Sequence[Course], observed: Sequence[Observation], decision: float | None, voxel_ml: float) -> Axes:
    """One scale for all arms: linear, or logarithmic where one arm would flatten the others."""
    high = [float(c.bands[-1].max()) for c in courses]
    seen = [o.volume_ml for o in observed] or [0.0]
    typical = max(float(np.median(high)), max(seen))
    log = max(high) > 5 * typical
    low = min([float(c.bands[0].min()) for c in courses] + [v for v in seen if v > 0])
    floor = max(low * 0.7, 3 * voxel_ml, 0.01)
    given = [g for c in courses for g in c.given]
    largest = {name: max(g.amount for g in given if g.what == name) for name in rows_of(given)}
    top = max([*high, *seen]) * (1.5 if log else 1.06)
    return Axes(float(max(c.t[-1] for c in courses)), top, floor, log, tuple(rows_of(given)), largest, decision)


def fan_svg(
    course: Course, axes: Axes, observed: Sequence[Observation], reference: Course | None, alone: bool = False
) -> str:
    """One fan as an inline SVG element, wider where it stands ``alone``."""
    with figure(8.0 if alone else 3.9, (3.3 if alone else 2.62) + 0.17 * len(axes.rows)) as fig:
        _draw(fig, course, axes, observed, reference, (0.06 if alone else 0.125, 0.98, 0.965, 0.10))
        words = f"Volume over time, {course.label}: median, 50 and 90 per cent intervals, mL, day 0 to {axes.last_day:g}"
        return svg(fig, f"fan-{course.name}", words)


def fans_png(
    courses: Sequence[Course], axes: Axes, observed: Sequence[Sequence[Observation]], reference: Course | None
) -> np.ndarray:
    """All fans in one picture, for the file."""
    columns = min(3, len(courses))
    lines = -(-len(courses) // columns)
    with figure(4.0 * columns, (2.9 + 0.17 * len(axes.rows)) * lines + 0.15) as fig:
        for i, (course, points) in enumerate(zip(courses, observed, strict=True)):
            row, column = divmod(i, columns)
            left, top = column / columns, 1 - row / lines
            tall, wide = 1 / lines, 1 / columns
            frame = (left + 0.115 * wide, left + 0.97 * wide, top - 0.10 * tall, top - 0.90 * tall)
            _draw(fig, course, axes, points, reference, frame)
            fig.text(frame[0], top - 0.065 * tall, course.label, fontsize=9.5, fontweight="bold", color=INK)
        stamp(fig)
        return pixels(fig)


def _draw(fig: Any, course: Course, axes: Axes, observed: Sequence[Observation], reference: Course | None, frame) -> None:
    left, right, top, bottom = frame
    tall = fig.get_size_inches()[1]
    track = 0.17 * len(axes.rows) / tall
    ax = fig.add_axes((left, bottom + track + 0.01, right - left, top - bottom - track - 0.01))
    draw_fan(ax, course, axes, observed, reference)
    below = fig.add_axes((left, bottom, right - left, max(track, 1e-3)), sharex=ax)
    draw_tracks(below, list(course.given), list(axes.rows), axes.largest, axes.decision)
    ax.tick_params(axis="x", labelbottom=False, length=0)
    below.tick_params(axis="x", length=3)
    below.set_xlabel("days since baseline", fontsize=7.5, labelpad=2)
    ax.set_xlim(-0.02 * axes.last_day, axes.last_day * 1.01)


def draw_fan(ax: Any, course: Course, axes: Axes, observed: Sequence[Observation], reference: Course | None) -> None:
    """The fan on existing axes."""
    bands = np.maximum(course.bands, axes.floor_ml if axes.log else 0)
    _scale(ax, axes)
    if axes.decision is not None and axes.decision < axes.last_day:
        ax.axvspan(-axes.last_day, axes.decision, color=FAINT, alpha=0.38, lw=0, zorder=0)
        ax.text(axes.decision, 0.985, " forecast", transform=ax.get_xaxis_transform(), fontsize=7, color=MUTED, va="top")
    if reference is not None and reference.name != course.name:
        middle = np.maximum(reference.bands[2], axes.floor_ml if axes.log else 0)
        ax.plot(reference.t, middle, color=UNTREATED, lw=1.0, ls=(0, (3, 2)), zorder=3)
    ax.fill_between(course.t, bands[0], bands[4], color=course.colour, alpha=0.20, lw=0, zorder=2)
    ax.fill_between(course.t, bands[1], bands[3], color=course.colour, alpha=0.32, lw=0, zorder=2)
    ax.plot(course.t, bands[2], color=course.colour, lw=1.7, zorder=4, solid_capstyle="round")
    _points(ax, observed)


def _points(ax: Any, observed: Sequence[Observation]) -> None:
    for held_out in (False, True):
        mine = [o for o in observed if o.held_out == held_out]
        looks = {"marker": "D", "mfc": PAPER, "ms": 4.6} if held_out else {"marker": "o", "mfc": INK, "ms": 4.4}
        ax.plot(
            [o.day for o in mine], [o.volume_ml for o in mine], ls="none", mec=INK, mew=1.1, zorder=6, clip_on=False, **looks
        )


def _scale(ax: Any, axes: Axes) -> None:
    from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

    ax.set_ylabel("mL" + (" (log scale)" if axes.log else ""), fontsize=7.5, labelpad=2)
    if axes.log:
        ax.set_yscale("log")
        ax.set_ylim(axes.floor_ml, axes.top_ml)
        decades = range(-3, 5)
        fits = [f * 10.0**d for d in decades for f in (1, 2, 5) if axes.floor_ml <= f * 10.0**d <= axes.top_ml]
        ax.yaxis.set_major_locator(FixedLocator(fits if len(fits) <= 9 else fits[::2]))
        ax.yaxis.set_minor_locator(NullLocator())
        ax.yaxis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:g}"))
    else:
        ax.set_ylim(0, axes.top_ml)
        ax.yaxis.set_major_locator(MaxNLocator(5))
    ax.grid(axis="y", color=FAINT, lw=0.6, zorder=0)
    ax.set_axisbelow(True)
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0)
    ax.xaxis.set_major_locator(MaxNLocator(7, integer=True, steps=[1, 2, 3, 5, 10]))
