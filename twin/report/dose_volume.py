"""Dose-volume histograms of the options, where a dose distribution is given; else why there are none."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import xarray as xr

from twin.report import numbers as n
from twin.report.results import Results
from twin.visual.dose_volume import Curve, dose_volume_svg, dose_volumes_png
from twin.visual.palette import AT_RISK, CORE, WHOLE
from twin.visual.picture import Picture

SHARES = (0.02, 0.50, 0.98)
"""Near-maximum, median and near-minimum dose (ICRU 83)."""

SYNTHETIC = "synthetic dose"


@dataclass(frozen=True)
class OptionDose:
    """The curves of one option, and where its dose distribution comes from."""

    id: str
    label: str
    source: str
    curves: tuple[Curve, ...] = field(repr=False)


@dataclass(frozen=True)
class DoseVolumes:
    """What the page shows of dose-volume histograms; ``without`` names the options whose dose has no distribution."""

    options: tuple[OptionDose, ...]
    without: tuple[str, ...]
    highest_gy: float

    def svg(self, option: OptionDose) -> str:
        return dose_volume_svg(option.id, option.label, option.curves, self.highest_gy)

    def picture(self) -> Picture:
        """All options in one picture."""
        drawn = dose_volumes_png([(o.label, o.curves) for o in self.options], self.highest_gy)
        return Picture("dose-volume", "Dose-volume histograms of every option with a dose distribution.", drawn)


def dose_volumes(results: Results) -> DoseVolumes | None:
    """The histograms of ``doses.zarr``; None without radiotherapy, organs or targets."""
    data = results.doses
    if data is None or "dvh_eqd2" not in data:
        return None
    here = [a for a in results.arms if a["id"] in data["arm"].values]
    mapped = [a for a in here if bool(data["mapped"].sel(arm=a["id"]))]
    options = tuple(_option(a, data.sel(arm=a["id"]), _limits(a)) for a in mapped)
    highest = max((_end(c) for o in options for c in o.curves), default=0.0)
    limits = [x for o in options for c in o.curves for x in (*(c.limit or ())[:1], c.mean_limit_gy) if x is not None]
    without = tuple(a["label"] for a in here if a not in mapped)
    return DoseVolumes(options, without, 1.04 * max([highest, *limits], default=1.0)) if here else None


def _option(arm: dict[str, Any], data: xr.Dataset, limits: dict[str, dict[str, Any]]) -> OptionDose:
    found, dose = [], data["dose"].values
    places = {True: 0, False: 0}
    for name, target in zip(map(str, data["organ"].values), map(bool, data["is_target"].values), strict=True):
        colours = (WHOLE, CORE, "#8C6D00") if target else AT_RISK
        turn, place = divmod(places[target], len(colours))
        turn += target * place  # targets often coincide: the one below shows through the gaps of the one above
        places[target] += 1
        share = data["dvh_eqd2"].sel(organ=name).values
        marks = _marks(limits.get(name))
        found.append(Curve(name.replace("_", " "), colours[place], turn % 3, target, dose, share, **marks))
    source = str(data["dose_from"].item()) or "the case's own dose distribution"
    return OptionDose(arm["id"], arm["label"], source, tuple(found))


def _limits(arm: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {o["organ"]: o for o in (arm.get("dose") or {}).get("organs", []) if o.get("limit_gy") is not None}


def _marks(limit: dict[str, Any] | None) -> dict[str, Any]:
    """Where the limit stands in the drawing: "max" at no volume, "D40 %" at 40 %, "mean" on the axis."""
    if limit is None:
        return {}
    if limit["limit"] == "mean":
        return {"mean_limit_gy": float(limit["limit_gy"])}
    share = 0.0 if limit["limit"] == "max" else float(limit["limit"].removeprefix("D").removesuffix("%")) / 100
    return {"limit": (float(limit["limit_gy"]), share)}


def _end(curve: Curve) -> float:
    """The dose from which on the structure receives nothing."""
    return float(curve.dose_gy[curve.share > 0].max(initial=0.0))


def dose_at(curve: Curve, share: float) -> float:
    """D(share): the dose that this share of the structure receives at least, read off the curve, Gy."""
    return float(np.interp(-share, -curve.share, curve.dose_gy))


def dose_table(found: DoseVolumes) -> list[dict[str, Any]]:
    """One row a structure: near-maximum, median and near-minimum EQD2 under each option."""
    names = list(dict.fromkeys((c.name, c.is_target) for o in found.options for c in o.curves))
    return [{"name": name, "is_target": target, "cells": [_cell(o, name) for o in found.options]} for name, target in names]


def _cell(option: OptionDose, name: str) -> str:
    curve = next(c for c in option.curves if c.name == name)
    return " / ".join(n.number(dose_at(curve, share)) for share in SHARES)


def legend(found: DoseVolumes) -> list[tuple[str, str, str]]:
    """(sign, colour, words) of the curves."""
    curves = found.options[0].curves if found.options else ()
    return [(("line", "dash", "dots")[c.dash], c.colour, c.name + (" (target)" if c.is_target else "")) for c in curves]


def sources(found: DoseVolumes) -> list[str]:
    """Where the dose distributions come from, the options of each together; a synthetic one is called so."""
    by: dict[str, list[str]] = {}
    for option in found.options:
        by.setdefault(option.source, []).append(option.label)
    everywhere = len(by) == 1 and not found.without
    return [f"{source}" if everywhere else f"{source}: {', '.join(labels)}" for source, labels in by.items()]
