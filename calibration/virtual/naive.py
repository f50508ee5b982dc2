"""Simple forecasts of a volume from the volumes seen before, which a twin has to beat."""

from __future__ import annotations

import numpy as np

from calibration.scores import exponential_rate

LARGEST_ML = 400.0
"""The capacity of a logistic course is sought up to this volume."""


def no_change(days: np.ndarray, volumes: np.ndarray, day: float) -> float:
    return float(volumes[-1])


def exponential(days: np.ndarray, volumes: np.ndarray, day: float) -> float:
    """From the last volume on, at the rate of a line through ln(volume)."""
    return float(volumes[-1] * np.exp(exponential_rate(days, volumes) * (day - days[-1])))


def logistic(days: np.ndarray, volumes: np.ndarray, day: float) -> float:
    """dV/dt = r V (1 - V / K), fitted to ln(volume) by least squares over ln V0, r and ln K."""
    from scipy.optimize import least_squares

    top = float(np.log(volumes.max() * 1.01))

    def course(p: np.ndarray, t: np.ndarray) -> np.ndarray:
        start, rate, capacity = p
        return capacity - np.log1p(np.expm1(max(capacity - start, 1e-9)) * np.exp(-rate * t))

    begin = [float(np.log(volumes[0])), float(np.clip(exponential_rate(days, volumes), -0.15, 0.15)), np.log(LARGEST_ML)]
    bounds = ([begin[0] - 1.0, -0.2, top], [min(begin[0] + 1.0, top), 0.2, np.log(LARGEST_ML * 2)])
    fit = least_squares(lambda p: course(p, days) - np.log(volumes), np.clip(begin, *bounds), bounds=bounds)
    return float(np.exp(course(fit.x, np.array([day]))[0]))


FORECASTS = {"no change": no_change, "exponential": exponential, "logistic": logistic}
