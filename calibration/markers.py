"""Genomics and laboratory values as priors: what a marker says of a parameter before any scan is looked at."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from twin.errors import DataRefused
from twin.parameter import Parameter, Prior
from twin.registry import unknown

ASSUMED = "the paper's abstract has the direction; this size is an assumption"
UNREAD = "not verified against the paper: direction and size are assumptions"

Value = str | float


@dataclass(frozen=True)
class Shift:
    """The prior median of ``parameter`` times ``factor``, its spread widened in quadrature by ``doubt`` (in ln); or
    ``median`` itself, known to ``doubt``. ``source`` is the citation and how sure the number is."""

    parameter: str
    source: str
    factor: float = 1.0
    doubt: float = 0.3
    median: float | None = None


def _states(**known: tuple[Shift, ...]) -> Callable[[Value], tuple[Shift, ...]]:
    """A marker with named states."""

    def shifts(value: Value) -> tuple[Shift, ...]:
        word = str(value).strip().lower().replace("-", "_").replace(" ", "_")
        if word not in known:
            raise ValueError(f"{unknown('state', word, list(known))} Known: {', '.join(known)}.")
        return known[word]

    return shifts


def _ki67(value: Value) -> tuple[Shift, ...]:
    percent = _number(value, 0.0, 100.0, "per cent of cells")
    factor = math.sqrt(min(max(percent, 1.0), 80.0) / 20.0)
    source = (
        f"Ki-67 {percent:g} %: rises with the grade of astrocytomas, in a wide scatter: Johannessen & Torp 2006, "
        f"Pathol Oncol Res 12:143 ({ASSUMED})"
    )
    return (Shift("proliferation_per_day", source, factor, 0.4),)


def _psa(value: Value) -> tuple[Shift, ...]:
    days = _number(value, 5.0, 5000.0, "days")
    source = (
        f"ln 2 over the PSA doubling time, {days:g} days; PSA was in proportion to the volume of untreated cancers: "
        "Schmid et al. 1993, Cancer 71:2031 (the width is an assumption)"
    )
    return (Shift("proliferation_per_day", source, doubt=0.5, median=math.log(2.0) / days),)


def _number(value: Value, low: float, high: float, unit: str) -> float:
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not low <= number <= high:
        raise ValueError(f"'{value}' is no number of {low:g} to {high:g} {unit}.")
    return number


_BALDOCK = f"IDH-mutant gliomas are more diffuse: Baldock et al. 2014, Neuro Oncol 16:779 ({UNREAD})"
_HEGI = (
    "temozolomide prolonged median survival from 15.3 to 21.7 months where MGMT was methylated and not significantly where "
    f"it was not: Hegi et al. 2005, N Engl J Med 352:997 ({ASSUMED})"
)
_CAIRNCROSS = (
    "codeleted: longer survival after radiotherapy alone (hazard ratio 0.40) and a gain by PCV (0.59), others none: "
    f"Cairncross et al. 2013, J Clin Oncol 31:337 ({ASSUMED})"
)

MARKERS: dict[str, Callable[[Value], tuple[Shift, ...]]] = {
    "idh": _states(
        mutant=(Shift("proliferation_per_day", _BALDOCK, 0.5, 0.4), Shift("diffusivity_mm2_per_day", _BALDOCK, 1.5, 0.4)),
        wildtype=(),
    ),
    "mgmt": _states(
        methylated=(Shift("chemosensitivity_per_day", _HEGI, 1.5),),
        unmethylated=(Shift("chemosensitivity_per_day", _HEGI, 0.6),),
    ),
    "1p19q": _states(
        codeleted=(
            Shift("chemosensitivity_per_day", _CAIRNCROSS, 1.4),
            Shift("proliferation_per_day", _CAIRNCROSS, 0.7),
        ),
        intact=(),
    ),
    "ki67_percent": _ki67,
    "psa_doubling_days": _psa,
}
"""Marker -> what its value says. "wildtype" and "intact" say nothing: the models' priors are of such tumours."""


def shifts(markers: Mapping[str, Value]) -> tuple[Shift, ...]:
    """Everything that the markers say. Raises DataRefused for an unknown marker or value."""
    found: list[Shift] = []
    for name, value in markers.items():
        if name not in MARKERS:
            raise DataRefused(unknown("marker", name, list(MARKERS)), where="markers", remedy=f"known: {', '.join(MARKERS)}")
        try:
            found += MARKERS[name](value)
        except ValueError as error:
            raise DataRefused(
                str(error), where=f"markers, {name}", remedy="correct it in case.yaml, or leave it out"
            ) from None
    return tuple(found)


def informed(parameters: Sequence[Parameter], markers: Mapping[str, Value]) -> tuple[Parameter, ...]:
    """The parameters with the priors that the markers leave, and their sources; one that is flat or does not vary
    stays."""
    told = shifts(markers)
    return tuple(_informed(p, [s for s in told if s.parameter == p.name]) for p in parameters)


def _informed(p: Parameter, told: Sequence[Shift]) -> Parameter:
    if not told or math.isinf(p.prior.spread) or p.prior.spread == 0 or p.prior.scale != "log":
        return p
    median, spread = p.prior.median, p.prior.spread
    for s in told:
        median = s.median if s.median is not None else median * s.factor
        spread = s.doubt if s.median is not None else math.hypot(spread, s.doubt)
    median = min(max(median, p.low), p.high)
    source = "; ".join([p.source, *(s.source for s in told)])
    return replace(p, prior=Prior(median, spread, "log"), source=source)


def sentences(parameters: Sequence[Parameter], markers: Mapping[str, Value]) -> list[str]:
    """What the markers did to the priors of a twin's own parameters, in words."""
    names = {p.name: p for p in parameters}
    given = ", ".join(f"{name} {value}" for name, value in markers.items())
    words = [
        f"The prior of {s.parameter} has its median at {names[s.parameter].prior.median:.3g} {names[s.parameter].unit} "
        f"by the markers ({given}): {s.source}."
        for s in shifts(markers)
        if s.parameter in names
    ]
    return words or ([f"The markers ({given}) change no prior of this model."] if markers else [])
