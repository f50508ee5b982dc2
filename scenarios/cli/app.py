"""The commands in the order in which a person meets them."""

from __future__ import annotations

from typing import Annotated

import typer

from scenarios.cli import (
    assess,
    calibrate,
    compare_models,
    demo,
    doctor,
    export,
    film,
    fuzz,
    import_,
    inspect,
    ledger,
    list,
    new,
    optimise,
    report,
    run,
    scenarios,
    sensitivity,
    simulate,
    slide,
    update,
    validate,
    verify,
    whatif,
)
from scenarios.cli.guard import guarded
from scenarios.cli.usage import Commands
from twin import RESEARCH_USE_ONLY, __version__

EXIT_CODES = "Exit codes: 0 ok, 1 failed, 2 usage, 3 data refused, 4 partial result, 130 interrupted."

app = typer.Typer(
    name="oncotwin",
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help=f"From serial scans to a calibrated forecast with uncertainty.\n\n{RESEARCH_USE_ONLY}",
    epilog=EXIT_CODES,
)

START, STEPS, TOOLS = "Start here", "Step by step", "Look things up"
COMMANDS = (
    ("demo", demo.demo, START),
    ("new", new.new, START),
    ("import", import_.import_, START),
    ("inspect", inspect.inspect, START),
    ("run", run.run, START),
    ("calibrate", calibrate.calibrate, STEPS),
    ("compare-models", compare_models.compare_models, STEPS),
    ("update", update.update, STEPS),
    ("scenarios", scenarios.scenarios, STEPS),
    ("optimise", optimise.optimise, STEPS),
    ("sensitivity", sensitivity.sensitivity, STEPS),
    ("whatif", whatif.whatif, STEPS),
    ("report", report.report, STEPS),
    ("ledger", ledger.ledger, STEPS),
    ("slide", slide.slide, STEPS),
    ("film", film.film, STEPS),
    ("export", export.export, STEPS),
    ("simulate", simulate.simulate, STEPS),
    ("assess", assess.assess, TOOLS),
    ("list", list.list_, TOOLS),
    ("doctor", doctor.doctor, TOOLS),
    ("verify", verify.verify, TOOLS),
    ("fuzz", fuzz.fuzz, TOOLS),
    ("validate", validate.validate, TOOLS),
)
for _name, _function, _panel in COMMANDS:
    app.command(_name, rich_help_panel=_panel, epilog=EXIT_CODES)(guarded(_function))


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"oncotwin {__version__}")
        raise typer.Exit


@app.callback()
def _oncotwin(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    pass
