"""Units that a case file may declare, and what they are worth. A unit is never guessed from the values."""

from __future__ import annotations

import re

ADC = {
    "m2/s": 1e6,
    "cm2/s": 1e2,
    "mm2/s": 1.0,
    "1e-3 mm2/s": 1e-3,
    "um2/ms": 1e-3,
    "1e-4 mm2/s": 1e-4,
    "1e-5 mm2/s": 1e-5,
    "1e-6 mm2/s": 1e-6,
    "um2/s": 1e-6,
}
"""Diffusion units in mm2/s."""

SHARE = {"1": 1.0, "0-1": 1.0, "percent": 0.01, "%": 0.01, "0-100": 0.01, "0-255": 1.0 / 255.0}
"""Units of fractions and probabilities."""

ROLES: dict[str, dict[str, float]] = {
    "t1": {},
    "t1gd": {},
    "t2": {},
    "flair": {},
    "ct": {"hu": 1.0},
    "pet": {"suv": 1.0, "bq/ml": 1.0},
    "adc": ADC,
    "cell_fraction": SHARE,
    "cell_count": {"cells/voxel": 1.0, "cells/mm3": 1.0},
}
"""Every role of an image with the units that it may have; no units: the numbers are arbitrary."""

UNIT_NEEDED = ("adc", "cell_count", "pet")
"""Roles whose numbers mean nothing without a unit."""

ROLE_ALIASES = {
    "t1c": "t1gd",
    "t1ce": "t1gd",
    "t1post": "t1gd",
    "t1km": "t1gd",
    "t1_gd": "t1gd",
    "t1n": "t1",
    "t1w": "t1",
    "t2w": "t2",
    "t2f": "flair",
    "t2flair": "flair",
    "dwi": "adc",
    "diffusion": "adc",
    "cells": "cell_count",
    "density": "cell_fraction",
}
"""Names in use elsewhere, for the hint in the refusal."""

_ADC_QUANTITY = re.compile(r"\s*([0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?)\s*([^\W\d_e].*)$")


def tidy(unit: str) -> str:
    """One spelling: "10^-6 mm²/s", "1E-6 mm^2/s" and "1e-6 mm2/s" are the same; "µ" is "u"."""
    text = unit.strip().lower().replace("²", "2").replace("³", "3").replace("^2", "2").replace("^3", "3")
    text = text.replace("µ", "u").replace("μ", "u").replace("*", " ").replace("×", " ")
    text = re.sub(r"10\^?\s*(-\d)", r"1e\1", text)
    return re.sub(r"\s+", " ", text).replace("1e-0", "1e-").strip()


def adc_in_mm2_per_s(written: object) -> float:
    """ "2500 um2/s" or "2.5e-3 mm2/s" in mm2/s; ValueError for a bare number or an unknown unit."""
    found = _ADC_QUANTITY.match(str(written))
    if not found:
        raise ValueError(f"'{written}' has no unit; write for instance '{written} mm2/s' or '{written} um2/s'")
    if tidy(found[2]) not in ADC:
        raise ValueError(f"the unit '{found[2]}' is unknown; known: {', '.join(ADC)}")
    return float(found[1]) * ADC[tidy(found[2])]
