"""Whether intervals hold: shares of truths inside them, and where truths fall among the draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from twin.visual.figure import figure, stamp
from twin.visual.palette import FAINT, GROWTH, INK, REFERENCE, UNTREATED

BINS = 10


def coverage_figure(
    path: Path, shares: Mapping[str, Sequence[tuple[float, float, float]]], ranks: Mapping[str, np.ndarray]
) -> None:
    """An SVG file. Left: for each quantity the (stated, found, standard error) shares of truths inside intervals, against
    the diagonal. Right: for each parameter the histogram of the truth's rank among the draws (as a fraction), with the
    range in which 99 % of uniform ranks fall."""
    rows = max(2, (len(ranks) + 2) // 3)
    with figure(8.2, 1.15 * rows + 0.9) as fig:
        _shares(fig.add_axes((0.07, 0.17, 0.27, 0.70)), shares)
        for k, (label, values) in enumerate(ranks.items()):
            column, row = k % 3, k // 3
            height = 0.74 / rows
            _ranks(
                fig.add_axes((0.42 + 0.195 * column, 0.89 - (row + 1) * height + 0.055, 0.165, height - 0.11)), label, values
            )
        fig.text(0.42, 0.035, "rank of the truth among the draws; grey: where 99 % of uniform ranks lie", fontsize=7)
        stamp(fig)
        fig.savefig(path, format="svg", metadata={"Date": None, "Creator": None})


def _shares(ax, shares) -> None:
    ax.plot([0, 1], [0, 1], color=FAINT, lw=1)
    for k, ((label, points), colour) in enumerate(zip(shares.items(), (GROWTH, REFERENCE, UNTREATED), strict=False)):
        nominal, found, error = np.array(points).T
        ax.errorbar(nominal + 0.012 * k, found, 1.96 * error, color=colour, lw=1, marker="o", ms=3.5, capsize=2, label=label)
    ax.set(xlim=(0.4, 1.0), ylim=(0.3, 1.0), xlabel="stated share", ylabel="share of truths inside")
    ax.legend(frameon=False, fontsize=7, loc="lower right")


def _ranks(ax, label: str, values: np.ndarray) -> None:
    from scipy.stats import binom

    counts, edges = np.histogram(values, BINS, (0, 1))
    low, high = binom.ppf([0.005, 0.995], max(len(values), 1), 1 / BINS)
    ax.axhspan(low, high, color=FAINT, lw=0)
    ax.bar(edges[:-1], counts, np.diff(edges), align="edge", color=GROWTH, alpha=0.75, lw=0)
    ax.set_xlim(0, 1)
    ax.set_xticks([0, 0.5, 1])
    ax.tick_params(labelsize=6)
    ax.set_title(label, fontsize=7, color=INK, pad=2)
