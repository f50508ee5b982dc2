"""How forecasts of a cohort did: where the observed values fell in them, and their score against "no change" by lead."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from twin.visual.figure import figure, stamp
from twin.visual.palette import FAINT, INK, MUTED, REFERENCE

BINS = 10
FORECASTS = (
    ("crps_normal", "no change, normal spread", FAINT),
    ("crps_alike", "no change, the cohort's changes", MUTED),
    ("crps", "forecast", REFERENCE),
)


def draw_skill(found: Mapping[str, np.ndarray], path: Path) -> None:
    """An SVG of arrays over the readings: ``pit`` (probability below the observed value), ``reading`` (1, 2 ... ahead) and
    the CRPS of each of ``FORECASTS``."""
    with figure(7.4, 2.9) as fig:
        _ranks(fig.add_axes((0.08, 0.17, 0.38, 0.68)), found["pit"])
        _by_lead(fig.add_axes((0.58, 0.17, 0.40, 0.68)), found)
        stamp(fig)
        fig.savefig(path, format="svg", metadata={"Date": None})


def _ranks(ax: Any, pit: np.ndarray) -> None:
    shares = np.histogram(pit, BINS, (0, 1))[0] / len(pit)
    ax.bar((np.arange(BINS) + 0.5) / BINS, 100 * shares, 0.9 / BINS, color=REFERENCE)
    ax.axhline(100 / BINS, color=INK, lw=1.0, ls=(0, (3, 2)))
    ax.set(xlabel="where the reading fell in its forecast (0 lowest, 1 highest)", ylabel="per cent of readings", xlim=(0, 1))
    ax.set_title("Even bars: the spread is right", loc="left", fontsize=9.5, color=INK)


def _by_lead(ax: Any, found: Mapping[str, np.ndarray]) -> None:
    leads = np.unique(found["reading"])
    for k, (name, label, colour) in enumerate(FORECASTS):
        height = [1000 * found[name][found["reading"] == lead].mean() for lead in leads]
        ax.bar(leads + 0.26 * (k - 1), height, 0.24, color=colour, label=label)
    ax.set_xticks(leads, [f"reading {lead:g}" for lead in leads])
    ax.set_ylabel("CRPS x 1000")
    ax.set_title("Error by reading ahead (less is better)", loc="left", fontsize=9.5, color=INK)
    ax.legend(frameon=False, fontsize=7, loc="upper left")
