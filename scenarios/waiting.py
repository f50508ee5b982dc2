"""What one more scan would be worth before choosing: the expected value of sample information, from the draws."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from scenarios.prepare import Comparison

SCAN_ERROR = 0.15
"""Relative error of a volume measured on a scan (one standard deviation of its logarithm): an assumption, of the size of
the differences between readers."""

NODES = 9
SMALLEST_ML = 0.05


def waiting(data: xr.Dataset, comparison: Comparison, loss: np.ndarray, finished: np.ndarray) -> list[dict[str, Any]]:
    """For every scan between decision and horizon: by how much the expected volume at the horizon would fall if the volume
    of that day, under the reference arm, were known before choosing. mL, with its standard error over the
    draws and the value of perfect knowledge beside it.

    It prices the information alone. What is lost by treating later is not in it: compare with an arm that is delayed.
    """
    times = comparison.setup.timeline
    between = [day for day in times.scans if times.decision_day < day < times.horizon_day]
    perfect = value_of_knowing(loss)
    found = []
    for day in between:
        seen = data["volume_ml"].sel(arm=comparison.reference, t=day).values[finished]
        gains = gains_of_scan(loss, seen)
        worth, error = value_of_scan(gains), float(gains.std() / np.sqrt(gains.size))
        told = {"scan_day": day, "value_ml": worth, "error_ml": error, "perfect_ml": perfect}
        found.append({**told, "sentence": _sentence(day, worth, perfect)})
    return found


def value_of_knowing(loss: np.ndarray) -> float:
    """Expected value of perfect information: E[loss of the arm that is best on average] - E[least loss], >= 0."""
    return float(loss.mean(axis=1).min() - loss.min(axis=0).mean())


def value_of_scan(gains: np.ndarray) -> float:
    """Expected value of sample information, >= 0: the mean of :func:`gains_of_scan`."""
    return max(0.0, float(gains.mean()))


def gains_of_scan(loss: np.ndarray, seen: np.ndarray, error: float = SCAN_ERROR) -> np.ndarray:
    """What a scan that shows ``seen`` (draw) up to a log-normal ``error`` saves where each draw is the truth, (draw).

    Each draw is the truth once: its scan (Gauss-Hermite over the noise) weighs the other draws by their likelihood, the arm
    of least expected loss is taken, and its loss under the truth is compared with that of the arm chosen without the scan.
    The truth is left out of its own posterior, or a few draws would look as if they knew the answer.
    """
    draws = loss.shape[1]
    if draws < 3:
        return np.zeros(draws)
    nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
    size = np.log(np.maximum(seen, SMALLEST_ML))
    others = ~np.eye(draws, dtype=bool)
    gained = np.zeros(draws)
    for node, weight in zip(nodes, weights / weights.sum(), strict=True):
        squared = np.where(others, (size[:, None] + error * node - size[None, :]) ** 2, np.inf) / error**2
        likelihood = np.exp(-0.5 * (squared - squared.min(axis=1, keepdims=True)))
        gained += weight * _gain(loss, likelihood, others)
    return gained


def _gain(loss: np.ndarray, likelihood: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Loss of the choice without the scan minus that with it, by truth; both (truth, draw) weigh the draws."""
    truths = np.arange(loss.shape[1])
    without, informed = (np.argmin(loss @ weights.T, axis=0) for weights in (others.astype(float), _normal(likelihood)))
    return loss[without, truths] - loss[informed, truths]


def _normal(weights: np.ndarray) -> np.ndarray:
    return weights / weights.sum(axis=1, keepdims=True)


def _sentence(day: float, worth: float, perfect: float) -> str:
    if perfect < 0.1:
        return f"No scan would change the choice: the same option leaves the least in all courses (scan on day {day:g})."
    return (
        f"Knowing the volume of day {day:g} before choosing would save {worth:.1f} mL on average, of {perfect:.1f} mL that "
        "perfect knowledge would; the cost of treating later is not counted."
    )
