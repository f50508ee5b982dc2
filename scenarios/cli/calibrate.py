"""``oncotwin calibrate``: the patient's own parameters, with their uncertainty, from the scans."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import typer

from scenarios.cli import options as o
from scenarios.cli import sizes
from scenarios.cli.guard import resumable
from scenarios.cli.session import Session, in_session
from scenarios.cli.voice import Voice

OUTPUTS = ("patient.zarr", "patient.json", "posterior.zarr", "fit.zarr", "calibration.json")
INTERMEDIATE = ("search.journal",)


@dataclass(frozen=True)
class Search:
    """What decides the numbers of a calibration, besides the case."""

    model: str = "fisher-kpp"
    effects: tuple[str, ...] = ("radiotherapy", "chemotherapy")
    evaluations: int = 200
    draws: int = 50
    sampler: str = "tpe"
    engine: str = "native"
    accuracy: o.AccuracyName = "fast"
    coarsen: int = 1
    from_prior: bool = False
    posterior: o.PosteriorName = "laplace"
    profile: bool = False
    markers: bool = True
    field: str = ""


Field = Annotated[
    str,
    typer.Option(
        "--field",
        help="A growth rate that differs from place to place: gp (smooth), regions:tissue, regions:core or regions:adc.",
    ),
]
Profile = Annotated[
    bool,
    typer.Option("--profile", help="Also fit anew with each parameter held away from its best value."),
]
FromPrior = Annotated[
    bool, typer.Option("--from-prior", help="Forecast with draws of the prior: for a single visit, which shows no growth.")
]
NoMarkers = Annotated[bool, typer.Option("--no-markers", help="Leave the case's markers (genomics, laboratory) aside.")]


@in_session(processes=1)
def calibrate(
    case: o.Case,
    out: o.Out = Path("results"),
    model: o.Model = Search.model,
    effect: o.Effect = None,
    evaluations: o.Evaluations = Search.evaluations,
    draws: o.Draws = Search.draws,
    sampler: o.Sampler = Search.sampler,
    engine: o.Engine = Search.engine,
    accuracy: o.Accuracy = "fast",
    coarsen: o.Coarsen = Search.coarsen,
    from_prior: FromPrior = False,
    posterior: o.Posterior = "laplace",
    profile: Profile = False,
    no_markers: NoMarkers = False,
    field: Field = "",
    *,
    session: Session,
) -> None:
    """Find the parameters that explain the scans seen so far, and how sure they are."""
    chosen = tuple(effect or Search.effects)
    numerical = (evaluations, draws, sampler, engine, accuracy, coarsen)
    search = Search(model, chosen, *numerical, from_prior, posterior, profile, not no_markers, field)
    summary = step(case, out, search, session)
    voice = session.voice
    tell(summary, voice)
    voice.result({"results": out, **summary})
    if summary.get("form") == "volume only":
        voice.last(f"Calibrated: {out}   forecast: {out / 'forecast.png'}   next: oncotwin report {out}")
    else:
        voice.last(f"Calibrated: {out}   next: oncotwin scenarios {out}")


def step(case: Path, out: Path, search: Search, session: Session) -> dict[str, Any]:
    """Load the case, calibrate into ``out`` and leave a manifest; the summary. Finished work is not repeated."""
    from scenarios.cli.claim import claim
    from scenarios.cli.inputs import case_files
    from scenarios.cli.together import refuse_unfit
    from twin.case.sizes import is_sizes
    from twin.provenance import Manifest
    from twin.store import load_json

    _check_names(search)
    refuse_unfit(search)
    files, only_sizes = case_files(case), is_sizes(case)
    refuse_unfit(search, only_sizes)
    outputs = sizes.OUTPUTS if only_sizes else OUTPUTS
    manifest = Manifest("calibrate", asdict(search), session.seed)
    manifest.add_inputs(files, files[0].parent)
    if claim(manifest, out, outputs, INTERMEDIATE, session.overwrite):
        session.voice.note(f"{out} holds this calibration already; --overwrite would repeat it.")
    else:
        with resumable(f"the evaluations so far are kept in {out}"):
            (sizes.compute if only_sizes else _compute)(files[0], out, search, session)
        manifest.cite(*load_json(out / "calibration.json").get("citations", []))
        manifest.write(out)
    (sizes.remember if only_sizes else _remember)(files[0], out, "calibrate")
    return load_json(out / "calibration.json")


def _remember(_: Path, out: Path, command: str) -> None:
    """The forecast into the ledger, where it is not there yet."""
    from calibration.ledger.keeping import keep_forecast

    keep_forecast(out, command)


def _compute(case: Path, out: Path, search: Search, session: Session) -> None:
    from calibration.calibrate import calibrate as run
    from calibration.structure import Structure
    from scenarios.cli.compiled import announce
    from twin.case import load_case
    from twin.case.markers import load_markers

    announce(session.voice)
    patient = load_case(case, session.voice.progress)
    structure = Structure(search.model, search.effects, markers=load_markers(case) if search.markers else {})
    if search.field:
        _compute_field(patient, out, search, structure, session)
        return
    if search.from_prior:
        from calibration.calibrate import Settings
        from calibration.prior_predictive import from_prior

        settings = Settings(search.evaluations, search.draws, engine=search.engine, accuracy=search.accuracy)
        from_prior(patient, out, structure, replace(settings, seed=session.seed), session.voice.progress)
        return
    run(
        patient,
        out,
        evaluations=search.evaluations,
        draws=search.draws,
        sampler=search.sampler,
        seed=session.seed,
        engine=search.engine,
        accuracy=search.accuracy,
        processes=session.processes,
        coarsen=search.coarsen,
        posterior=search.posterior,
        profile=search.profile,
        structure=structure,
        progress=session.voice.progress,
    )


def _compute_field(patient: Any, out: Path, search: Search, structure: Any, session: Session) -> None:
    from calibration.calibrate import Settings
    from calibration.field.calibrate import calibrate_field

    numbers = (search.evaluations, search.draws, search.sampler, session.seed, search.engine, search.accuracy)
    settings = Settings(*numbers, session.processes)
    calibrate_field(patient, out, search.field, settings=settings, structure=structure, progress=session.voice.progress)


def _check_names(search: Search) -> None:
    """Refuse an unknown engine, model or effect before anything is read."""
    from solvers.effect import effects
    from solvers.engine import engines
    from solvers.model import models

    for registry, names in ((engines, (search.engine,)), (models, (search.model,)), (effects, search.effects)):
        for name in names:
            registry[name]
    if search.field:
        from calibration.field.basis import GrowthField
        from calibration.structure import growth_rate

        GrowthField(search.field)
        growth_rate(search.model)


def tell(summary: dict[str, Any], voice: Voice) -> None:
    for step in summary.get("steps", []):
        voice.say(f"{step['name'].capitalize()}: objective {step['objective']:.4g}, better by {step['gain']:.3g}.")
    for sentence in summary.get("sentences", []):
        voice.say(sentence)
    for found in summary.get("profiles", []):
        losses = ", ".join(f"{v:.3g}: {r:.2g}" for v, r in zip(found["values"], found["rise"], strict=True))
        voice.say(f"{found['name']} held at (loss of log posterior) {losses}{'; hardly held by the data' * found['flat']}.")
    for warning in summary.get("warnings", []):
        voice.say(f"Note: {warning}")
