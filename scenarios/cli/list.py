"""``oncotwin list``: what can be named on the command line and in case files, with units, ranges and sources."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any

import typer

from scenarios.cli import options as o
from scenarios.cli.answer import answer
from scenarios.cli.voice import Voice
from twin.errors import UsageError
from twin.registry import unknown

KINDS = ("models", "therapies", "engines", "regimens", "drugs", "presets", "studies", "endpoints", "criteria", "organs")
PARAMETER = ("name", "symbol", "unit", "low", "high", "default", "description", "source")

KindArgument = Annotated[
    str | None, typer.Argument(metavar="[KIND]", help=f"One of {', '.join(KINDS)}. Default: all, by name.")
]


def list_(
    kind: KindArgument = None, out: o.Keep = None, json: o.Json = False, quiet: o.Quiet = False, debug: o.Debug = False
) -> None:
    """List models, therapies, engines, regimens, drugs, label presets, studies, endpoints, response criteria or organs."""
    voice = Voice(json, quiet)
    if kind is not None and kind not in CATALOGUES:
        raise UsageError(unknown("list", kind, list(KINDS)), remedy=f"known: {', '.join(KINDS)}")
    found = {k: CATALOGUES[k]() for k in ([kind] if kind else KINDS)}
    for title, entries in found.items():
        if kind is None:
            voice.say(f"{title}: {', '.join(e['name'] for e in entries)}")
        else:
            _tell(title, entries, voice)
    answer(voice, "list", found, out)


def _tell(title: str, entries: list[dict[str, Any]], voice: Voice) -> None:
    parametric = [e for e in entries if e.get("parameters")]
    plain = [{k: v for k, v in e.items() if k != "parameters"} for e in entries]
    voice.table(title, tuple(plain[0]) if plain else (), [e.values() for e in plain])
    for entry in parametric:
        rows = [[_short(p[column]) for column in PARAMETER] for p in entry["parameters"]]
        voice.table(f"{entry['name']}: parameters", PARAMETER, rows)


def _short(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _first_sentence(thing: Any) -> str:
    return " ".join((thing.__doc__ or "").split("\n\n")[0].split())


def _declared(thing: Any) -> list[dict[str, Any]]:
    from twin.parameter import declared

    return [{column: getattr(p, column) for column in PARAMETER} for p in declared(thing)]


def _with_parameters(registry: Any) -> list[dict[str, Any]]:
    return [
        {"name": name, "what": _first_sentence(thing), "paper": thing.citation, "parameters": _declared(thing)}
        for name, thing in registry
    ]


def models() -> list[dict[str, Any]]:
    from solvers.model import models as registry

    return _with_parameters(registry)


def therapies() -> list[dict[str, Any]]:
    from solvers.effect import effects

    return _with_parameters(effects)


def engines() -> list[dict[str, Any]]:
    from solvers.engine import engines as registry

    return [
        {
            "name": name,
            "what": _first_sentence(engine),
            "order in space": engine.order_in_space,
            "order in time": engine.order_in_time,
        }
        for name, engine in registry
    ]


def drugs() -> list[dict[str, Any]]:
    from twin.drugs import DRUGS

    return [
        {
            "name": d.name,
            "half-life (h)": round(d.half_life_h, 2),
            "decay (1/day)": round(d.decay_per_day, 3),
            "reference dose": f"{d.reference_dose:g} {d.dose_unit}",
            "source": d.source,
        }
        for d in DRUGS.values()
    ]


def regimens() -> list[dict[str, Any]]:
    from scenarios.regimen import regimens as library

    return [
        {
            "name": r.id,
            "what": r.label,
            "site": r.site,
            "schedule": r.words,
            "source": r.citation + (" (to be confirmed against the paper)" if r.confirm else ""),
        }
        for r in library()
    ]


def presets() -> list[dict[str, Any]]:
    from twin.case.labels import PRESETS

    return [{"name": p.name, "labels": _numbered(p.labels), "source": p.source} for p in PRESETS.values()]


def studies() -> list[dict[str, Any]]:
    from calibration.study import studies as registry

    return [{"name": name, "what": study.title, "data folder": study.data} for name, study in registry]


def endpoints() -> list[dict[str, Any]]:
    from scenarios.endpoint import endpoints as registry

    return [
        {"name": name, "what": e.label, "unit": e.unit, "meaning": _first_sentence(type(e)), "source": e.citation}
        for name, e in registry
    ]


def criteria() -> list[dict[str, Any]]:
    from scenarios.criteria import criteria as registry
    from scenarios.measurements import SIZE

    return [
        {"name": name, "what": c.label, "size": SIZE[c.unit], "rules": _first_sentence(type(c)), "source": c.citation}
        for name, c in registry
    ]


def organs() -> list[dict[str, Any]]:
    from scenarios.organs_tolerance import TOLERANCES

    return [
        {
            "name": t.organ,
            "alpha/beta (Gy)": t.alpha_beta_gy,
            "limit (EQD2)": "" if t.limit is None else f"{t.limit.words} {t.limit.gy:g} Gy",
            "NTCP": "" if t.lyman is None else _lyman(t.lyman),
            "source": "; ".join(part.citation for part in (t.limit, t.lyman) if part) + " (to be confirmed)",
        }
        for t in TOLERANCES.values()
    ]


def _lyman(known: Any) -> str:
    return f"{known.complication}: n {known.n:g}, m {known.m:g}, TD50 {known.td50_gy:g} Gy"


def _numbered(labels: Mapping[str, tuple[int, ...]]) -> str:
    return ", ".join(f"{'+'.join(map(str, numbers))} {region}" for region, numbers in labels.items())


CATALOGUES: dict[str, Callable[[], list[dict[str, Any]]]] = dict(
    zip(KINDS, (models, therapies, engines, regimens, drugs, presets, studies, endpoints, criteria, organs), strict=True)
)
