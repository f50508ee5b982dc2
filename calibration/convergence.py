"""Whether weighed draws of a posterior agree with each other: two halves of them as two populations."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

FAR = 1.1
"""R-hat above which the halves are warned about: means that differ by 0.65 of the posterior's spread."""


def rhat(z: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """R-hat of each parameter, from draws (n, parameter) and their weights (n,): sqrt(1 + B / W).

    The halves are every other draw, so that both hold each proposal's. B is the variance of their two weighed means, W the
    mean of their weighed variances (Gelman & Rubin 1992, Stat Sci 7:457, for two chains without the correction for length).
    Draws of one proposal are independent, so a value near 1 says that either half alone would have told the same; it cannot
    see a mode that no proposal reached. Infinite where a half carries no weight.
    """
    means, variances = [], []
    for half in (slice(0, None, 2), slice(1, None, 2)):
        total = weight[half].sum()
        if total <= 0:
            return np.full(z.shape[1], np.inf)
        share = weight[half] / total
        means.append(share @ z[half])
        variances.append(share @ (z[half] - means[-1]) ** 2)
    between, within = np.var(means, axis=0, ddof=1), np.mean(variances, axis=0)
    return np.sqrt(1.0 + between / np.maximum(within, 1e-12))


def told(found: np.ndarray, names: Sequence[str]) -> tuple[list[str], list[str]]:
    """(sentences, warnings) on the largest R-hat."""
    worst = int(np.argmax(found))
    said = f"Two halves of the draws agree to R-hat {found[worst]:.3f} at most ({names[worst]}; 1 is perfect)."
    if found[worst] <= FAR:
        return [said], []
    return [said], [
        f"Two halves of the draws disagree (R-hat above {FAR:g}) on "
        f"{', '.join(n for n, r in zip(names, found, strict=True) if r > FAR)}: the posterior has not converged."
    ]
