"""A track record as a picture: each forecast as it was made beside what came, and how far off it was."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from twin.store import replacing
from twin.visual.figure import figure, stamp
from twin.visual.palette import FAINT, INK, MUTED, PAPER, arm_colours

NAME = "track-record"


def save_picture(track: Mapping[str, Any], folder: Path) -> list[Path]:
    """``track-record.svg`` and ``track-record.png`` of a record made by :func:`calibration.ledger.track.track_record`."""
    rows = track["scores"]
    tall = 3.4 + (0.9 + 0.26 * len(rows) if rows else 0.0)
    made = []
    with figure(7.4, tall) as fig:
        share = 0.9 / tall + 0.26 * len(rows) / tall if rows else 0.0
        above = fig.add_axes((0.09, share + 0.55 / tall, 0.88, 1 - share - 0.95 / tall))
        _courses(above, track)
        if rows:
            below = fig.add_axes((0.37, 0.55 / tall, 0.60, share - 0.85 / tall))
            _errors(below, rows)
        stamp(fig)
        for kind in ("svg", "png"):
            path = folder / f"{NAME}.{kind}"
            with replacing(path) as part:
                fig.savefig(part, format=kind, dpi=160, metadata={"Date": None} if kind == "svg" else None)
            made.append(path)
    return made


def _colours(track: Mapping[str, Any]) -> dict[str, str]:
    return arm_colours([str(f["number"]) for f in track["forecasts"]], None)


def _courses(ax: Any, track: Mapping[str, Any]) -> None:
    """Every forecast as a fan from the day it was made, and the volumes observed."""
    colours = _colours(track)
    for made in track["forecasts"]:
        colour, days = colours[str(made["number"])], made["days"]
        band = {name: np.array(values) for name, values in made["volume_ml"].items()}
        ax.fill_between(days, band["q05"], band["q95"], color=colour, alpha=0.14, lw=0)
        ax.fill_between(days, band["q25"], band["q75"], color=colour, alpha=0.22, lw=0)
        label = f"forecast {made['number']}, from day {made['decision_day']:g}"
        ax.plot(days, band["q50"], color=colour, lw=1.6, label=label)
    for row in track["scores"]:
        if row["role"]:
            ax.plot(row["day"], row["median_ml"], marker="x", ls="none", color=MUTED, ms=6, mew=1.4)
    seen = {f["decision_day"]: f["last_volume_ml"] for f in track["forecasts"]}
    seen |= {r["day"]: r["observed_ml"] for r in track["scores"]}
    ax.plot(list(seen), list(seen.values()), marker="o", ls="none", mfc=INK, mec=PAPER, ms=6, label="observed", zorder=5)
    ax.set(xlabel="days since baseline", ylabel="mL", ylim=(0, None))
    ax.grid(axis="y", color=FAINT, lw=0.6)
    ax.set_axisbelow(True)
    ax.set_title("Visible volume: forecast (median, 50 and 90 %) and observed", loc="left", fontsize=9.5, color=INK)
    ax.legend(loc="upper left", frameon=False, fontsize=7.5)


def _errors(ax: Any, rows: list[Mapping[str, Any]]) -> None:
    """One row a score: the 50, 80 and 90 % intervals around the observed volume, in per cent of it."""
    for place, row in enumerate(rows):
        if row["observed_ml"] <= 0:
            continue
        for level, width in (("90", 1.2), ("80", 3.0), ("50", 6.0)):
            if level in row["intervals_ml"]:
                low, high = (100 * (v / row["observed_ml"] - 1) for v in row["intervals_ml"][level])
                ax.plot([low, high], [place, place], color=MUTED, lw=width, alpha=0.55, solid_capstyle="butt")
        held = row["inside"].get("90", True)
        ax.plot(
            row["error_percent"], place, marker="o" if held else "X", ls="none", mec=INK, ms=6, mfc=PAPER if held else INK
        )
    ax.axvline(0, color=INK, lw=1.0)
    ax.set_yticks(range(len(rows)), [_words(r) for r in rows], fontsize=7.5)
    ax.set_ylim(len(rows) - 0.4, -0.6)
    ax.grid(axis="x", color=FAINT, lw=0.6)
    ax.set_axisbelow(True)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.set_xlabel("predicted against observed volume, per cent (a cross: outside the 90 % interval)")
    ax.set_title("Error of each forecast at the scan that it spoke of", loc="left", fontsize=9.5, color=INK)


def _words(row: Mapping[str, Any]) -> str:
    who = row["role"] or (f"option {row['arm']}" if row.get("arm") else f"forecast {row['number']}")
    ahead = f", {row['day'] - row['decision_day']:g} d ahead" if row["decision_day"] is not None else ""
    return f"{who}: day {row['day']:g}{ahead}" + (" (in retrospect)" if row["retrospective"] else "")
