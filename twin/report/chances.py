"""How often one option leaves less than another, over the same draws, and how often each leaves least."""

from __future__ import annotations

from typing import Any

import numpy as np

from twin.report import numbers as n
from twin.report.results import Results


def chance_table(results: Results) -> dict[str, Any] | None:
    """Every pair of options: the share of the draws in which the row leaves less visible volume than the column by more than
    the study's margin at the horizon. None with fewer than two options, and where the twin misses the last scan."""
    arms = results.arms
    if len(arms) < 2 or results.is_refuted:
        return None
    margin = float((results.study or {}).get("margin_percent") or 0.0) / 100
    volumes = np.array([results.at_day(a["id"], "volume_ml", results.horizon_day) for a in arms], float)
    volumes = volumes[:, np.isfinite(volumes).all(axis=0)]
    if volumes.shape[1] == 0:
        return None
    least = (volumes == volumes.min(axis=0)).astype(float)
    least /= least.sum(axis=0)
    rows = [
        {
            "label": arm["label"],
            "id": arm["id"],
            "least": n.share(float(least[i].mean())),
            "cells": [None if i == j else _cell(volumes[i], volumes[j], margin) for j in range(len(arms))],
        }
        for i, arm in enumerate(arms)
    ]
    return {
        "margin": f"{100 * margin:g}",
        "draws": int(volumes.shape[1]),
        "rows": rows,
        "labels": [a["label"] for a in arms],
    }


def _cell(mine: np.ndarray, other: np.ndarray, margin: float) -> dict[str, Any]:
    share = float((mine < (1 - margin) * other).mean())
    return {"text": n.share(share), "strength": round(share, 3), "any": n.share(float((mine < other).mean()))}
