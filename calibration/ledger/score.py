"""The error of an earlier forecast, once the visit that it spoke of is there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from calibration import scores
from calibration.evaluation import Seen

VISIBLE, ALL = "cells in the visible lesion", "all cells, those that no scan shows included"

LEVELS = (50, 80, 90)
"""Central intervals, per cent."""


def score_content(number: int, made: Mapping[str, Any], visit: str, now: Seen, maps: Mapping[str, float]) -> dict[str, Any]:
    """The content of a "score" record: forecast ``number`` with content ``made`` against what a visit shows.

    ``maps``: CCC and Dice where the predicted maps of that day are at hand (the forecast in force), else empty. Cells
    are scored where the visit has an image of them. Intervals and CRPS are of the volume as a reader draws it and of the
    cells as a scan counts them, its own scale error included, in mL; the CRPS of "no change" is its absolute error.
    """
    volume = at_day(made, "volume_ml", now.day)
    read = volume if made.get("volume_as_read") else scores.as_read(volume)
    content = {
        "forecast": number,
        "visit": visit,
        "day": now.day,
        "days_ahead": now.day - made["decision_day"],
        "volume": scored(read, now.volume_ml, made["last_volume_ml"], float(np.median(volume))),
        "maps": dict(maps),
    }
    if np.isfinite(now.burden_ml) and made["last_burden_ml"] is not None:
        content["burden"] = _cells(made, volume, read, now)
    return content


def _cells(made: Mapping[str, Any], volume: np.ndarray, drawn: np.ndarray, now: Seen) -> dict[str, Any]:
    """The score of the cells in the visible lesion; of all cells where a record (an option, an older one) has no others."""
    counted = "counted_ml" in made
    cells = at_day(made, "counted_ml" if counted else "burden_ml", now.day)
    read = cells if now.reading is None else now.reading.read(cells, volume, drawn)
    found = scored(read, now.burden_ml, made["last_burden_ml"], float(np.median(cells)))
    return {**found, "of": VISIBLE if counted else ALL, "scale_spread": now.reading.scale_spread if now.reading else 0.0}


def reaches(made: Mapping[str, Any], day: float) -> bool:
    """Whether the forecast speaks of that day."""
    return bool(made["decision_day"] < day <= made["days"][-1])


def at_day(made: Mapping[str, Any], name: str, day: float) -> np.ndarray:
    """Draws on a day between those kept, by the logarithm (size grows by factors); failed draws are left out."""
    days, table = np.array(made["days"]), np.array(made[name], float)
    rows = [np.interp(day, days, np.log(np.maximum(draw, 1e-9))) for draw in table.T if np.isfinite(draw).all()]
    return np.exp(rows)


def scored(draws: np.ndarray, observed: float, last: float, middle: float | None = None) -> dict[str, Any]:
    """Observed, predicted quantiles, error, CRPS (also of "no change"), and which intervals hold the observed value."""
    tails = {level: np.quantile(draws, [0.5 - level / 200, 0.5 + level / 200]) for level in LEVELS}
    middle = float(np.median(draws)) if middle is None else middle
    return {
        "observed": observed,
        "median": middle,
        "intervals": {str(level): [float(a), float(b)] for level, (a, b) in tails.items()},
        "inside": {str(level): bool(a <= observed <= b) for level, (a, b) in tails.items()},
        "error_percent": scores.percent_error(middle, observed),
        "crps": scores.crps(draws, observed),
        "crps_no_change": abs(last - observed),
    }


def override_score(number: int, override: Mapping[str, Any], visit: str, now: Seen) -> dict[str, Any]:
    """The content of a "score" record of a person's own forecast (an "override" record) for that day."""
    return {
        "override": number,
        "visit": visit,
        "day": now.day,
        "volume": {
            "observed": now.volume_ml,
            "median": override["volume_ml"],
            "error_percent": scores.percent_error(override["volume_ml"], now.volume_ml),
            "crps": abs(override["volume_ml"] - now.volume_ml),
        },
    }
