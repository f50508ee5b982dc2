"""Colours that colour-blind readers can tell apart (Okabe and Ito 2008), one meaning each.

Every colour is doubled by another sign (line style, marker, position or words), so that no picture depends on hue.
"""

from __future__ import annotations

CORE = "#E4572E"
"""Tumour core as seen or predicted: vermilion, solid line."""

WHOLE = "#F2B134"
"""Whole lesion as seen: amber, solid line."""

PREDICTED = "#56B4E9"
"""What the twin predicts: sky blue, dashed line, its 5-95 % band shaded."""

GROWTH = "#D55E00"
SHRINKAGE = "#0072B2"

SHELLS = {95: "#E23D1C", 50: "#F0A321", 5: "#4FA8DC"}
"""Shells of equal probability of tumour, per cent: certain inside, possible outside."""

AT_RISK = ("#AA4499", "#009E73", "#882255", "#117733", "#332288", "#CC6677", "#8C6D00", "#0072B2")
"""Organs at risk, in their order."""

VESSEL, TARGET = "#B3202C", "#8FA3B5"

ISODOSES = {95: "#C2408F", 50: "#58A55C"}
"""Shells of equal dose, per cent of the prescribed one."""

INK, MUTED, FAINT, PAPER = "#16202b", "#5b6875", "#d5dbe1", "#ffffff"
SCREEN = "#000000"
"""Ground of slices, as on a reading-room screen."""

REFERENCE = "#0072B2"
UNTREATED = "#6b7480"
_OTHERS = ("#D55E00", "#009E73", "#AA4499", "#8C6D00", "#882255", "#117733", "#CC6677", "#332288")


def arm_colours(arms: list[str], reference: str | None) -> dict[str, str]:
    """A colour for each arm: blue for the reference, grey for no treatment, the others in their order."""
    fixed = {reference: REFERENCE, "none": UNTREATED}
    rest = [a for a in arms if a not in fixed]
    return {a: fixed[a] if a in fixed else _OTHERS[rest.index(a) % len(_OTHERS)] for a in arms}


def rgb(colour: str) -> tuple[float, float, float]:
    """A "#rrggbb" as numbers in [0, 1]."""
    return tuple(int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))  # type: ignore[return-value]


VARIABLES = {INK: "--ink", MUTED: "--muted", FAINT: "--rule", PAPER: "--paper"} | {
    c.lower(): f"--c-{c[1:].lower()}" for c in (CORE, WHOLE, PREDICTED, GROWTH, REFERENCE, UNTREATED, *_OTHERS)
}
"""Names of the page's colour variables: charts drawn in these colours follow light and dark pages."""
