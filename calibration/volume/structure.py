"""What is free in a size-only twin: the growth law and effects, the first volume, the capacity and the discrepancy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from calibration.markers import informed
from calibration.observation import diameter, volume
from calibration.structure import Structure
from calibration.volume.growth import ROOM, with_growth
from solvers.effect import effects
from solvers.model import models
from solvers.volume import simulate_volume
from twin.parameter import Parameter, Prior, declared
from twin.sizes import Size, SizeSeries

NOT_IN_SPACE = ("diffusivity_mm2_per_day", "slow_tissue_ratio", "exchange")
"""Parameters that mean nothing without space; they keep their defaults."""

WALK = 8e-4
"""Prior median of the discrepancy: variance per day of a random walk in ln(volume), as learned from 622 lesions
(`oncotwin validate lesions`)."""


@dataclass(frozen=True)
class Readings:
    """Days, ln(mL) and the spread of each."""

    days: np.ndarray
    log_ml: np.ndarray
    spread: np.ndarray

    @classmethod
    def of(cls, sizes: Sequence[Size]) -> Readings:
        rows = [(s.day, *_read(s)) for s in sizes]
        return cls(*np.array(rows, float).T)


def _read(size: Size) -> tuple[float, float]:
    """ln(mL) and its spread; a lesion that is not seen counts as the smallest visible one, known to a factor."""
    ml = size.volume_ml if size.volume_ml is not None else float(diameter.to_volume(np.array(size.diameter_mm or 0.0)))
    least = float(diameter.to_volume(np.array(diameter.SMALLEST_MM)))
    if ml < least:
        return float(np.log(least)), diameter.UNSEEN_SPREAD
    return float(np.log(ml)), volume.RELATIVE_SPREAD if size.volume_ml is not None else diameter.volume_spread()


def observed_ml(size: Size) -> float:
    """The volume of a reading; 0 where nothing was seen."""
    return size.volume_ml if size.volume_ml is not None else float(diameter.to_volume(np.array(size.diameter_mm or 0.0)))


def parameters(series: SizeSeries, structure: Structure) -> tuple[Parameter, ...]:
    """The free parameters; growth as tumours of the organ grow (:mod:`calibration.volume.growth`). Effects of treatments
    that are never given are left out."""
    acting = [effects[n] for n in structure.effects if effects[n]().acts_on(series.treatments)]
    declaring = (models[structure.model], *acting)
    own = with_growth([p for kind in declaring for p in declared(kind, series.site)], structure.model, series.site)
    free = [p for p in own if p.prior.spread > 0 and p.name not in NOT_IN_SPACE and p.name not in structure.fixed]
    return (*informed(free, structure.markers), *_starting(series))


def _starting(series: SizeSeries) -> tuple[Parameter, ...]:
    first = float(np.exp(Readings.of(series.seen[:1]).log_ml[0]))
    largest = float(np.exp(Readings.of(series.seen).log_ml.max()))
    return (
        _positive("first_volume_ml", "V0", "mL", first, 1.0, "volume on day 0", "the first reading"),
        _positive("capacity_ml", "K", "mL", ROOM * largest, 1.2, "volume that the tumour could fill", "wide; seldom learnt"),
        _positive(
            "discrepancy_per_day", "q", "1/day", WALK, 1.0, "variance per day of ln(volume) about the law", "622 lesions"
        ),
    )


def _positive(name: str, symbol: str, unit: str, median: float, spread: float, description: str, source: str) -> Parameter:
    low, high = median * np.exp(-5 * spread), median * np.exp(5 * spread)
    return Parameter(name, symbol, unit, float(low), float(high), median, Prior(median, spread), description, source)


def course(series: SizeSeries, structure: Structure, values: Mapping[str, float], days: Sequence[float]) -> np.ndarray:
    """ln(mL) of the visible lesion at ``days``. Raises DataRefused where the volume does not fit the capacity."""
    model = structure.build_model(values)
    acting = tuple(e for e in structure.build_effects(values) if e.acts_on(series.treatments))
    start, room = values["first_volume_ml"], values["capacity_ml"]
    found = simulate_volume(model, start, room, tuple(days), series.treatments, acting)["visible_ml"].values
    return np.log(np.maximum(found, 1e-9))
