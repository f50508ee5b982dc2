"""Colours that mean different things differ for colour-blind readers; letters stand out from their ground."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import numpy as np
import pytest

import twin.report
from twin.visual import palette

# Machado, Oliveira and Fernandes 2009, severity 1.0
BLINDNESS = {
    name: np.reshape(rows, (3, 3))
    for name, rows in {
        "none": [1, 0, 0, 0, 1, 0, 0, 0, 1],
        "protanopia": [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998],
        "deuteranopia": [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.011820, 0.042940, 0.968881],
        "tritanopia": [1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.303900],
    }.items()
}


def linear(colour: str) -> np.ndarray:
    value = np.asarray(palette.rgb(colour))
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]) @ np.clip(rgb, 0, 1)
    f = np.cbrt(np.maximum(xyz / [0.9505, 1.0, 1.089], 1e-6))
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


GROUPS = {
    "outlines": (palette.CORE, palette.WHOLE, palette.PREDICTED),
    "change": (palette.GROWTH, palette.SHRINKAGE),
    "shells": tuple(palette.SHELLS.values()),
    "densities": (palette.REFERENCE, palette.UNTREATED),
}


@pytest.mark.parametrize("kind", BLINDNESS)
@pytest.mark.parametrize("group", GROUPS)
def test_colours_of_one_picture_can_be_told_apart(group, kind):
    seen = [lab(BLINDNESS[kind] @ linear(c)) for c in GROUPS[group]]
    assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)) > 14


def test_every_arm_has_its_own_colour_and_the_reference_is_blue():
    colours = palette.arm_colours(["none", "standard", "a", "b", "c", "d", "e"], "standard")
    assert len(set(colours.values())) == 7 and colours["standard"] == palette.REFERENCE


def luminance(colour: str) -> float:
    return float(linear(colour) @ [0.2126, 0.7152, 0.0722])


def contrast(a: str, b: str) -> float:
    bright, dark = sorted((luminance(a), luminance(b)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def variables(scheme: str) -> dict[str, str]:
    css = (Path(twin.report.__file__).parent / "page.css").read_text(encoding="utf-8")
    light, dark = css.index(":root"), css.index("prefers-color-scheme: dark")
    block = css[light:dark] if scheme == "light" else css[dark : css.index("* { box-sizing")]
    return dict(re.findall(r"(--[\w-]+): (#[0-9a-f]{6});", block))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_letters_have_the_contrast_of_aa_and_chart_lines_that_of_graphics(scheme):
    found = variables(scheme)
    for letters, ground in itertools.product(("--ink", "--muted", "--accent"), ("--paper", "--soft")):
        assert contrast(found[letters], found[ground]) >= 4.5, (letters, ground)
    assert contrast(found["--warn-ink"], found["--warn-bg"]) >= 4.5
    lines = [v for k, v in found.items() if k.startswith("--c-") and k not in ("--c-f2b134", "--c-56b4e9")]
    assert min(contrast(c, found["--paper"]) for c in lines) >= 3


def test_every_colour_that_charts_use_has_a_variable_in_both_schemes():
    for scheme in ("light", "dark"):
        assert set(palette.VARIABLES.values()) <= set(variables(scheme))
