"""``oncotwin optimise``: dose, fractionation and timing searched under organ limits."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

import typer

from scenarios.cli import options as o
from scenarios.cli.from_twin import Step, Wanted
from scenarios.cli.session import Session, in_session
from scenarios.cli.voice import Voice
from twin.errors import UsageError

STEP = Step(
    "optimise",
    ("optimise.json", "optimise.zarr"),
    ("optimise.journal", "optimise-study.yaml"),
    "the treatments tried so far",
)

ArmName = Annotated[
    str | None,
    typer.Option("--arm", metavar="ARM", help="The arm to vary; default: as scheduled. With --study: one of its."),
]
Candidates = Annotated[int, typer.Option("--evaluations", min=8, help="Treatments that are tried.")]
SearchDraws = Annotated[int, typer.Option("--draws", min=2, help="Draws on which each is tried; the front is run on all.")]
Sampler = Annotated[str, typer.Option("--sampler", help="nsga2 or nsga3.")]
Span = "LOW:HIGH"
PerFraction = Annotated[str, typer.Option("--dose-per-fraction", metavar=Span, help="Gy.")]
Count = Annotated[str, typer.Option("--fractions", metavar=Span, help="Number of fractions.")]
Delay = Annotated[str, typer.Option("--delay", metavar=Span, help="Days by which the whole treatment starts later.")]
Drugs = Annotated[str, typer.Option("--drugs", metavar=Span, help="Factor on every drug dose; 0 gives none.")]
LimitOption = Annotated[
    list[str] | None,
    typer.Option(
        "--limit", metavar="ORGAN=GY", help="Largest dose (EQD2) of an organ; may be repeated. `oncotwin list organs`."
    ),
]


@dataclass(frozen=True, kw_only=True)
class Optimisation(Wanted):
    evaluations: int
    draws: int
    sampler: str
    ranges: dict[str, tuple[float, float]]
    limits: dict[str, float]


@in_session(twin="results")
def optimise(
    results: o.Results,
    out: o.Elsewhere = None,
    arm: ArmName = None,
    study: o.Study = None,
    evaluations: Candidates = 96,
    draws: SearchDraws = 8,
    dose_per_fraction: PerFraction = "1:6",
    fractions: Count = "5:40",
    delay: Delay = "0:42",
    drugs: Drugs = "0:1.25",
    limit: LimitOption = None,
    sampler: Sampler = "nsga2",
    horizon: o.Horizon = None,
    accuracy: o.Accuracy = "fast",
    *,
    session: Session,
) -> None:
    """Search dose, fractionation and timing of an arm for the front of burden against toxicity, under organ limits."""
    spans = {
        "dose_per_fraction_gy": span(dose_per_fraction),
        "fractions": span(fractions),
        "delay_days": span(delay),
        "drug_factor": span(drugs),
    }
    own: dict[str, Any] = {"evaluations": evaluations, "draws": draws, "sampler": sampler, "ranges": spans}
    wanted = Optimisation(arm=arm, horizon_day=horizon, accuracy=accuracy, limits=limits(limit or []), **own)
    found = STEP.run(results, out or results, study, wanted, session, partial(_compute, wanted))
    tell(found, session.voice)
    session.voice.result({"results": out or results, **found})
    session.voice.last(f"Optimised: {(out or results) / 'optimise.json'}")


def tell(found: dict[str, Any], voice: Voice) -> None:
    radiation = found["axes"]["radiation"]
    unit = "" if radiation["unit"] == "1" else f" ({radiation['unit']})"
    columns = ("treatment", "mean burden (mL)", radiation["label"] + unit, "drugs", "on the front")
    rows = [_row(option) for option in (found["as_it_is"], *found["front"])]
    voice.table(f"Options up to day {found['horizon_day']:g}; the first is the arm as it is", columns, rows)
    for sentence in found["sentences"]:
        voice.say(sentence)


def _row(option: dict[str, Any]) -> tuple[str, ...]:
    b, often = option["burden"], option.get("probability_on_front")
    burden = f"{b['median']:.3g} ({b['low']:.3g} to {b['high']:.3g})"
    shown = "" if often is None else f"in {100 * often:.0f} % of draws"
    return option["words"], burden, f"{option['radiation']:.3g}", f"{option['drugs']:.3g}", shown


def span(text: str) -> tuple[float, float]:
    """``LOW:HIGH``, or one number for both."""
    low, _, high = text.partition(":")
    try:
        return float(low), float(high or low)
    except ValueError:
        raise UsageError(f"'{text}' is no range.", remedy="write LOW:HIGH, such as 1.8:3") from None


def limits(texts: list[str]) -> dict[str, float]:
    """ORGAN=GY pairs."""
    found = {}
    for text in texts:
        name, equals, gy = text.rpartition("=")
        try:
            found[name.strip()] = float(gy.lower().removesuffix("gy"))
        except ValueError:
            equals = ""
        if not equals:
            raise UsageError(f"--limit {text} is not ORGAN=GY.", remedy="for example --limit brainstem=54")
    return found


def _compute(wanted: Optimisation, **given: Any) -> dict[str, Any]:
    from scenarios.optimise import optimise as run
    from scenarios.optimise_json import Search
    from scenarios.optimise_knobs import Ranges

    ranges = Ranges(**wanted.ranges)
    return run(search=Search(wanted.evaluations, wanted.draws, wanted.sampler, ranges, wanted.limits), **given)
