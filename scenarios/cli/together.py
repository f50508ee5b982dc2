"""Options of a calibration that do not go together: refused before anything is read, never left aside in silence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twin.errors import UsageError

PLAIN: dict[str, Any] = {"posterior": "laplace", "profile": False, "from_prior": False, "coarsen": 1, "field": ""}
"""What each of these options is where it was not given."""

FLAGS = {name: f"--{name.replace('_', '-')}" for name in PLAIN}

REASONS = {
    "field": {
        "posterior": "a field has dozens of coefficients, whose posterior has the quick form (laplace) alone",
        "profile": "each coefficient of a field stands for a place, and none of them is a number to hold and fit anew about",
        "from_prior": "a field is learnt from the change between two scans, and --from-prior fits nothing",
        "coarsen": "the slope that fits a field is that of the full grid",
    },
    "from_prior": {
        "posterior": "draws of the prior are no posterior",
        "profile": "nothing is fitted whose neighbourhood could be shown",
        "coarsen": "nothing is fitted, and the forecast runs on the full grid",
    },
    "sizes": {
        "field": "a growth rate that differs from place to place needs images",
        "profile": "the posterior of sizes is sampled, and its intervals say what a profile would",
        "coarsen": "sizes have no voxels",
    },
}


def refuse_unfit(search: Any, only_sizes: bool = False) -> None:
    """Raise UsageError for an option that would have no effect beside another one, or in a case of sizes alone."""
    given = {name for name, plain in PLAIN.items() if getattr(search, name) != plain}
    for name in ("field", "from_prior"):
        if name in given:
            _refuse(given, REASONS[name], f"beside {FLAGS[name]}", f"or {FLAGS[name]}")
    if only_sizes:
        _refuse(given, REASONS["sizes"], "in a case of sizes alone", "")


def _refuse(given: set[str], reasons: Mapping[str, str], beside: str, other: str) -> None:
    for name, why in reasons.items():
        if name in given:
            raise UsageError(
                f"{FLAGS[name]} has no meaning {beside}.", why=why, remedy=f"leave out {FLAGS[name]} {other}".rstrip()
            )
