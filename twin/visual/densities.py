"""Small charts for table rows: prior and posterior of a parameter, observed against predicted volumes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from twin.visual.figure import figure, pixels, stamp, svg
from twin.visual.palette import FAINT, GROWTH, INK, PAPER, REFERENCE, UNTREATED


@dataclass(frozen=True)
class Density:
    """Draws of one parameter before and after the data; ``log``: shown on a logarithmic axis."""

    name: str
    label: str
    unit: str
    prior: np.ndarray
    posterior: np.ndarray
    low: float
    high: float

    @property
    def log(self) -> bool:
        return self.low > 0 and self.high / self.low >= 15

    def working(self, values: np.ndarray) -> np.ndarray:
        return np.log10(values) if self.log else np.asarray(values, float)


def density_svg(item: Density) -> str:
    """Prior (grey) and posterior (blue) in a chart that fits a table row."""
    with figure(2.3, 0.62) as fig:
        ax = fig.add_axes((0.02, 0.30, 0.96, 0.68))
        _draw_density(ax, item, 6.5)
        return svg(fig, f"prior-{item.name}", f"{item.label}: prior and posterior, {item.unit}")


def densities_png(items: Sequence[Density]) -> np.ndarray:
    """All parameters in one picture, for the file."""
    with figure(6.4, 1.15 * len(items) + 0.35) as fig:
        for i, item in enumerate(items):
            bottom = 1 - (i + 0.80) / (len(items) + 0.3)
            ax = fig.add_axes((0.40, bottom, 0.56, 0.60 / (len(items) + 0.3)))
            _draw_density(ax, item, 7.5)
            fig.text(0.02, bottom + 0.25 / (len(items) + 0.3), f"{item.label}\n{item.unit}", fontsize=8.5, va="center")
        stamp(fig)
        return pixels(fig)


def _draw_density(ax, item: Density, size: float) -> None:
    low, high = _span(item)
    grid = np.linspace(low, high, 240)
    for draws, colour, opacity, edge in ((item.prior, UNTREATED, 0.28, 0.0), (item.posterior, REFERENCE, 0.55, 1.2)):
        curve = _smooth(item.working(draws), grid)
        curve = curve / max(curve.max(), 1e-12)
        ax.fill_between(grid, 0, curve, color=colour, alpha=opacity, lw=0)
        if edge:
            ax.plot(grid, curve, color=colour, lw=edge)
    ax.set_xlim(low, high)
    ax.set_ylim(0, 1.06)
    ax.set_yticks([])
    marks = _marks(item, low, high)
    ax.set_xticks(item.working(np.array(marks)), [_plain(m) for m in marks], fontsize=size)
    ax.tick_params(axis="x", length=2, pad=1.5)
    for edge_name in ("left", "top", "right"):
        ax.spines[edge_name].set_visible(False)


def _smooth(draws: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """A Gaussian kernel density with Silverman's width."""
    draws = draws[np.isfinite(draws)]
    spread = max(float(draws.std()), (grid[-1] - grid[0]) / 400)
    width = max(1.06 * spread * draws.size ** (-0.2), (grid[-1] - grid[0]) / 300)
    return np.exp(-0.5 * ((grid[:, None] - draws[None]) / width) ** 2).sum(axis=1)


def _span(item: Density) -> tuple[float, float]:
    """The part of the axis (working scale) that holds nearly all of both."""
    ends = [np.nanquantile(item.working(d), (0.002, 0.998)) for d in (item.prior, item.posterior)]
    low, high = min(e[0] for e in ends), max(e[1] for e in ends)
    room = 0.06 * max(high - low, 1e-9)
    bounds = item.working(np.array([item.low, item.high]))
    return float(max(low - room, bounds[0])), float(min(high + room, bounds[1]))


def _marks(item: Density, low: float, high: float) -> list[float]:
    """Three or four round numbers within the span."""
    if not item.log:
        from matplotlib.ticker import MaxNLocator

        return [float(m) for m in MaxNLocator(4, steps=[1, 2, 5, 10]).tick_values(low, high) if low <= m <= high]
    decades = range(int(np.floor(low)) - 1, int(np.ceil(high)) + 1)
    for factors in ((1.0, 2.0, 5.0), (1.0, 3.0), (1.0,)):
        marks = [f * 10.0**d for d in decades for f in factors if low <= np.log10(f * 10.0**d) <= high]
        if len(marks) <= 4:
            return marks
    return marks[:: -(-len(marks) // 4)]


def _plain(value: float) -> str:
    """A mark of an axis without an exponent where that is short."""
    if value == 0 or 1e-4 <= abs(value) < 1e5:
        return f"{value:.6g}".replace("-", "−")
    power = str(round(np.log10(abs(value)))).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"10{power}"


@dataclass(frozen=True)
class Agreement:
    """A visit: what was observed, what the twin and the two simple rules said (mL; None where they say nothing)."""

    label: str
    held_out: bool
    observed: float
    twin: tuple[float, float, float] | None
    no_change: float | None
    exponential: float | None


def agreement_figure(rows: Sequence[Agreement], as_svg: bool):
    """Observed volumes against the twin's interval and the two simple rules, a line a visit; SVG or pixels."""
    with figure(7.6, 0.42 * len(rows) + 0.75) as fig:
        tall = fig.get_size_inches()[1]
        ax = fig.add_axes((0.215, 0.42 / tall, 0.765, 1 - 0.50 / tall))
        values = [v for r in rows for v in (r.observed, r.exponential, r.no_change, *(r.twin or ())) if v is not None]
        largest = max(r.observed for r in rows)
        limit = min(max(values) * 1.05, 2.6 * largest if largest else np.inf) or 1.0
        for i, row in enumerate(rows):
            _draw_agreement(ax, -i, row, limit)
        ax.set_xlim(0, limit)
        ax.set_ylim(-len(rows) + 0.4, 0.6)
        ax.set_yticks([-i for i in range(len(rows))], [r.label for r in rows], fontsize=8, color=INK)
        ax.set_xlabel("volume, mL", fontsize=7.5, labelpad=2)
        ax.grid(axis="x", color=FAINT, lw=0.6)
        ax.set_axisbelow(True)
        ax.tick_params(axis="y", length=0)
        ax.spines["left"].set_visible(False)
        if as_svg:
            return svg(
                fig, "agreement", "Observed volume at each visit against the forecast's interval and two simple rules"
            )
        stamp(fig)
        return pixels(fig)


def _draw_agreement(ax, y: float, row: Agreement, limit: float) -> None:
    if row.twin is not None:
        low, middle, high = row.twin
        ax.plot([low, high], [y, y], color=REFERENCE, lw=8, alpha=0.30, solid_capstyle="butt", zorder=2)
        ax.plot([middle, middle], [y - 0.22, y + 0.22], color=REFERENCE, lw=2.2, zorder=3)
    for value, marker, colour in ((row.no_change, "s", UNTREATED), (row.exponential, "^", GROWTH)):
        if value is not None and value <= limit:
            ax.plot([value], [y], marker=marker, ms=5.5, mfc=PAPER, mec=colour, mew=1.3, ls="none", zorder=4)
        elif value is not None:
            ax.plot([limit * 0.985], [y], marker=">", ms=5.5, mfc=colour, mec=colour, ls="none", zorder=4)
            ax.text(limit * 0.97, y, f"{value:,.0f}", ha="right", va="center", fontsize=7, color=colour)
    looks = {"marker": "D", "mfc": PAPER, "ms": 6} if row.held_out else {"marker": "o", "mfc": INK, "ms": 5.6}
    ax.plot([row.observed], [y], mec=INK, mew=1.3, ls="none", zorder=5, **looks)
    ax.axhline(y - 0.5, color=FAINT, lw=0.5, zorder=0)
