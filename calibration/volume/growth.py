"""How fast a tumour of an organ grows before anything is seen of it: doubling times of untreated ones."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from solvers.model import models
from solvers.volume import simulate_volume
from twin.parameter import Parameter, Prior, declared

RATES = (
    "proliferation_per_day",
    "enhancing_proliferation_per_day",
    "net_rate_per_day",
    "retardation_per_day",
    "growth_per_day",
)
"""The growth rates of the laws. As declared they are those of glioma cells that also move, which no volume shows."""

ROOM = 20.0
"""Capacity over volume, as the prior of the capacity has it: there a law's rate is matched to the doubling time."""

CENTRAL_90 = 1.645


@dataclass(frozen=True)
class Doubling:
    """Volume doubling time of untreated tumours of an organ: median (days) and spread of its logarithm."""

    days: float
    spread: float
    source: str

    @property
    def words(self) -> str:
        low, high = (self.days * math.exp(side * CENTRAL_90 * self.spread) for side in (-1, 1))
        return f"{self.days:.0f} days (90 % range {low:.0f} to {high:.0f})"


KNOWN = {
    "brain": Doubling(
        32.0,
        0.9,
        "glioblastoma: medians of 21 days in 95 (Ellingson 2016, Cancer 122:1718) and 50 days in 106 patients (Stensjøen "
        "2015, Neuro Oncol 17:1402); their middle, the width assumed",
    ),
    "lung": Doubling(
        191.0,
        1.0,
        "resected non-small cell lung cancer: median 191 days in 46 patients (Mackintosh 2014, Respirology 19:755); the "
        "width assumed",
    ),
    "breast": Doubling(
        141.0,
        0.7,
        "median 141 days, 46 to 825 in 66 invasive cancers (serial ultrasound by subtype, Ryu 2014, Eur Radiol 24:2227)",
    ),
    "liver": Doubling(
        140.0,
        1.1,
        "hepatocellular carcinoma: 4.6 months in 1374 lesions (Nathani 2021, Gut 70:401); the width from the quartiles 72 "
        "and 302 days (Tu 2024, World J Hepatol 16:800)",
    ),
    "prostate": Doubling(
        1000.0,
        1.2,
        "most untreated cancers took more than two years by PSA (Schmid 1993, Cancer 71:2031; not verified against the "
        "paper: median and width are assumptions)",
    ),
}
"""By the ``site:`` of a case."""

ELSEWHERE = Doubling(130.0, 1.5, "other organs: from glioblastoma to prostate cancer; nothing is known of this one")


def doubling(site: str) -> Doubling:
    """What is known of the organ, else a prior so wide that it spans all of them."""
    return KNOWN.get(site.strip().lower(), ELSEWHERE)


def with_growth(parameters: Sequence[Parameter], model: str, site: str) -> list[Parameter]:
    """The parameters with the growth rate's prior such that the volume doubles as tumours of the organ do.

    A law's specific growth d ln(V)/dt is in proportion to its rates; at a ``ROOM``-th of the capacity it shall be
    ln 2 / doubling time. Rates that may be negative keep a normal prior.
    """
    known = doubling(site)
    factor = math.log(2.0) / known.days / _specific_growth(model)
    rates = {p.name: factor * p.default for p in declared(models[model]) if p.name in RATES}
    return [_about(p, rates[p.name], known) if p.name in rates else p for p in parameters]


def told(site: str) -> tuple[list[str], list[str]]:
    """(sentences, warnings) on the growth that is expected before any reading."""
    known = doubling(site)
    said = f"Before the readings, growth is expected to double the volume in {known.words}: {known.source}."
    if site.strip().lower() in KNOWN:
        return [said], []
    return [], [
        f"No doubling time of untreated tumours is on record for the site '{site}': the growth prior is of other organs, "
        f"and wide. {said}"
    ]


def _specific_growth(model: str) -> float:
    """d ln(V)/dt of the law with its default numbers at a ``ROOM``-th of the capacity, 1/day."""
    step = 0.01
    volume = simulate_volume(models[model](), 1.0, ROOM, (0.0, step))["volume_ml"].values
    return math.log(volume[1] / volume[0]) / step


def _about(p: Parameter, rate: float, known: Doubling) -> Parameter:
    median = min(max(rate, p.low), p.high)
    linear = p.prior.scale == "linear"
    prior = Prior(median, median * math.expm1(known.spread), "linear") if linear else Prior(median, known.spread)
    return replace(p, default=median, prior=prior, source=known.source)
