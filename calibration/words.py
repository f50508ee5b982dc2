"""What the data can and cannot tell, in plain sentences."""

from __future__ import annotations

import re

from calibration.comparison import BLOCK_MM
from calibration.discrepancy import Discrepancy
from calibration.posterior import Laplace
from twin.parameter import Parameter

ALIKE = 0.9
AS_WIDE = 0.8
AT_BOUND = 0.02


def identifiability(laplace: Laplace, silent: tuple[Parameter, ...]) -> tuple[list[str], list[str]]:
    """(sentences, warnings) on correlated, unlearnt and bounded parameters."""
    return _pairs(laplace) + _unlearnt(laplace) + untold(silent), bounded(laplace)


def untold(silent: tuple[Parameter, ...]) -> list[str]:
    """A sentence for each parameter of a treatment that was not given yet."""
    return [
        f"The visits seen say nothing about {name_of(p)}: no such treatment was given before the last of them; "
        f"its draws are those of the prior."
        for p in silent
    ]


def misfit(found: tuple[Discrepancy, ...]) -> list[str]:
    """How far the model misses the data beyond their noise."""
    return [
        f"On day {d.day:g} model and image differ by {d.fraction:.3f} in cell fraction over cubes of {BLOCK_MM:g} mm; the "
        f"posterior is as wide as {d.independent:.0f} independent cubes of that error allow."
        for d in found
        if d.fraction is not None
    ]


def _pairs(laplace: Laplace) -> list[str]:
    correlation, parameters = laplace.correlation, laplace.space.parameters
    sentences = []
    for i, first in enumerate(parameters):
        for j in range(i + 1, len(parameters)):
            r = correlation[i, j]
            if abs(r) > ALIKE:
                sentences.append(
                    f"The data fix a combination of {name_of(first)} and {name_of(parameters[j])} but hardly tell them "
                    f"apart (correlation {r:.2f})."
                )
    return sentences


def _unlearnt(laplace: Laplace) -> list[str]:
    return [
        f"The data hardly narrow {name_of(p)}: its posterior is {100 * s:.0f} % as wide as its prior."
        for p, s in zip(laplace.space.parameters, laplace.spread, strict=True)
        if s > AS_WIDE
    ]


def bounded(laplace: Laplace) -> list[str]:
    """A warning for each parameter whose best value lies at the edge of what is admissible."""
    low, high = laplace.space.bounds()
    warnings = []
    for p, z, a, b in zip(laplace.space.parameters, laplace.mode(), low, high, strict=True):
        for bound, edge, word in ((a, p.low, "lowest"), (b, p.high, "highest")):
            if abs(z - bound) < AT_BOUND:
                warnings.append(
                    f"{name_of(p)} is at the {word} admissible value ({edge:g} {p.unit}): the model may not suit this "
                    "patient."
                )
    return warnings


def name_of(p: Parameter) -> str:
    """The name without its unit, and the symbol."""
    return f"{in_words(p.name)} ({p.symbol})"


def in_words(name: str) -> str:
    """A parameter's name without its unit."""
    return re.sub(r"(_mm2)?_per_(day|gy)$|_gy$|_ml$", "", name).replace("_", " ").replace("adc", "ADC")
