"""Numbers as a reader wants them: three figures, a true minus, an interval with its unit."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

NOTHING = "–"
INTERVAL = (0.05, 0.95)
"""Every interval of the report: from the 5th to the 95th percentile of the draws."""


def number(value: Any, figures: int = 3) -> str:
    """``value`` to three significant figures, without exponent where that reads well; a dash for None and NaN."""
    if value is None or not np.isfinite(value):
        return NOTHING
    value = float(value)
    if value == 0:
        return "0"
    size = int(np.floor(np.log10(abs(value))))
    if size < -4 or size > 6:
        mantissa = value / 10.0**size
        return f"{mantissa:.2g}·10{_raised(size)}".replace("-", "−")
    return f"{value:,.{max(0, figures - 1 - size)}f}".replace("-", "−").replace(",", "\u202f")


def _raised(power: int) -> str:
    return str(power).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def volume(value: Any) -> str:
    """mL: one decimal below 100, none above, two below 1."""
    if value is None or not np.isfinite(value):
        return NOTHING
    decimals = 2 if abs(value) < 1 else 1 if abs(value) < 99.95 else 0
    text = f"{float(value):,.{decimals}f}"
    return ("0" if float(text.replace(",", "")) == 0 else text).replace("-", "−").replace(",", "\u202f")


def gap(value: Any, decimals: int) -> str:
    """A difference with its sign and so many decimals; "0" for less than they show."""
    if value is None or not np.isfinite(value):
        return NOTHING
    text = f"{float(value):,.{decimals}f}".replace(",", "\u202f").replace("-", "−")
    return signed(text if text.strip("−0.") else "0")


def decimals(shown: str) -> int:
    """How many decimals :func:`number` gave a value; three for nothing and for powers of ten."""
    whole, _, after = shown.partition(".")
    return len(after) if whole.lstrip("−").replace("\u202f", "").isdigit() and shown != "0" else 3


def signed(text: str) -> str:
    """A plus before what is neither negative nor nothing."""
    return text if text.startswith("−") or text in (NOTHING, "0") else f"+{text}"


def percent(value: Any, decimals: int = 0) -> str:
    if value is None or not np.isfinite(value):
        return NOTHING
    return f"{float(value):.{decimals}f}".replace("-", "−") + "\u202f%"


def share(value: Any) -> str:
    """A probability in per cent, never rounded to a certainty that the draws do not give."""
    if value is None or not np.isfinite(value):
        return NOTHING
    if 0.99 < value < 1:
        return ">\u202f99\u202f%"
    if 0 < value < 0.01:
        return "<\u202f1\u202f%"
    return percent(100 * value)


def day(value: Any) -> str:
    """A day without needless decimals."""
    return NOTHING if value is None or not np.isfinite(value) else f"{float(value):g}".replace("-", "−")


def summary(draws: Iterable[float]) -> tuple[float, float, float]:
    """5th percentile, median and 95th percentile; NaN where there is nothing."""
    values = np.asarray(list(draws), float)
    if not np.isfinite(values).any():
        return (np.nan,) * 3
    low, middle, high = np.nanquantile(values, (INTERVAL[0], 0.5, INTERVAL[1]))
    return float(low), float(middle), float(high)


def waiting(draws: np.ndarray, horizon: float) -> tuple[str, str, float]:
    """Median and interval of a waiting time in days whose NaN means 'not before ``horizon``', and the share of those."""
    values = np.where(np.isfinite(draws), draws, np.inf)
    low, middle, high = (float(q) for q in np.quantile(values, (0.05, 0.5, 0.95), method="inverted_cdf"))

    def words(value: float) -> str:
        return f">\u202f{horizon:.0f}" if np.isinf(value) else f"{value:.0f}"

    reached = float(np.isinf(values).mean())
    interval = words(low) if words(low) == words(high) else f"{words(low)} – {words(high)}"
    return words(middle), interval, reached
