"""The forecast of a patient of whom only sizes are known, as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import xarray as xr

from twin.store import replacing
from twin.visual.fan import Course, Observation, draw_fan, shared_axes
from twin.visual.figure import figure, stamp
from twin.visual.palette import INK, REFERENCE

NAME = "forecast"


def save_forecast(fit: xr.Dataset, visits: Sequence[dict[str, Any]], decision_day: float, folder: Path) -> None:
    """``forecast.svg`` and ``forecast.png``: the volume as it will be read, 50 and 90 %, and the readings."""
    course = Course("twin", "forecast", REFERENCE, fit["t"].values, fit["volume_ml"].values)
    observed = [Observation(v["day"], v["observed_volume_ml"], v["held_out"]) for v in visits]
    axes = shared_axes([course], observed, decision_day, 0.001)
    with figure(6.4, 3.3) as fig:
        ax = fig.add_axes((0.09, 0.15, 0.88, 0.73))
        draw_fan(ax, course, axes, observed, None)
        ax.set_xlabel("days since the first reading")
        ax.set_xlim(-0.02 * axes.last_day, axes.last_day * 1.01)
        ax.set_title("Volume: median, 50 and 90 %; readings (hollow: held out)", loc="left", fontsize=9.5, color=INK)
        stamp(fig)
        for kind in ("svg", "png"):
            with replacing(folder / f"{NAME}.{kind}") as part:
                fig.savefig(part, format=kind, dpi=160, metadata={"Date": None} if kind == "svg" else None)
