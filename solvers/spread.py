"""What models that invade in the same way declare alike: diffusivity by tissue, growth rate, the floor of a growth law."""

from __future__ import annotations

from typing import Any

import numpy as np

from twin.parameter import Known, Prior, parameter

BREAST_D = "breast 1e-6 to 1e-3 mm2/day, Jarrett 2021; median at the upper end, a factor of ten either way"
BREAST_K = "breast -0.5 to 0.1 /day, net death included, Jarrett 2021"


def diffusivity() -> Any:
    """D in the tissue in which cells move fastest."""
    return parameter(
        0.13,
        symbol="D",
        unit="mm2/day",
        low=1e-6,
        high=3.0,
        prior=Prior(0.1, 1.0),
        description="diffusivity of tumour cells in the tissue in which they move fastest (white matter)",
        source="glioma 0.02-1.5 mm2/day, Ezhov 2022 (Learn-Morph-Infer); default 0.13, Lipkova 2019",
        sites={"breast": Known(1e-6, 3.0, Prior(1e-3, 2.3), BREAST_D)},
    )


def proliferation(default: float = 0.05, symbol: str = "rho", description: str = "", may_die: bool = False) -> Any:
    """A growth rate per day; ``may_die``: the law holds for a negative rate (net death) as well."""
    return parameter(
        default,
        symbol=symbol,
        unit="1/day",
        low=1e-4,
        high=0.5,
        prior=Prior(default, 0.8),
        description=description or "net proliferation rate at low density",
        source="glioma 0.002-0.2 /day, Ezhov 2022 (Learn-Morph-Infer)",
        sites={"breast": Known(-0.5, 0.1, Prior(0.0, 0.05, "linear"), BREAST_K)} if may_die else None,
    )


def slow_tissue_ratio() -> Any:
    """D in every other tissue over D."""
    return parameter(
        0.15,
        symbol="D_slow/D",
        unit="1",
        low=0.02,
        high=1.0,
        prior=Prior(0.15, 0.4),
        description="diffusivity in the other tissues (grey matter), relative to the fastest",
        source="D_white/D_grey 5-10, Swanson 2000; Lipkova 2019",
        sites={"breast": Known(0.02, 1.0, Prior(0.5, 0.4), "breast: one diffusivity in Jarrett 2021; half of it assumed")},
    )


def floor_fraction() -> Any:
    """The cell fraction below which a law whose growth rate rises without limit at low density grows exponentially."""
    return parameter(
        1e-3,
        symbol="u_0",
        unit="1",
        low=1e-6,
        high=0.1,
        prior=Prior(1e-3, 0.0),
        description="cell fraction below which growth is exponential; held fixed",
        source="Gomp-ex law, Wheldon 1988; keeps the speed of a front finite",
    )


def by_tissue(fastest: float, ratio: float, tissues: tuple[str, ...]) -> np.ndarray:
    """(tissues,) diffusivities: ``fastest`` in the first, ``ratio`` times that in every other."""
    return fastest * np.array([1.0] + [ratio] * (len(tissues) - 1))
