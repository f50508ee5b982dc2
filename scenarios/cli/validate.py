"""``oncotwin validate``: whether forecasts hold what their intervals promise, measured."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from scenarios.cli import options as o
from scenarios.cli.guard import resumable
from scenarios.cli.voice import Voice
from twin.errors import OncotwinError

Names = Annotated[list[str], typer.Argument(metavar="STUDY...", help="Names of studies (`oncotwin list studies`), or: all.")]
Tables = Annotated[
    Path,
    typer.Option("--out", "-o", metavar="FOLDER", help="Where the tables go; an interrupted study is resumed."),
]
Data = Annotated[
    Path | None, typer.Option("--data", metavar="FOLDER", help="The folder of the data sets, for studies that need one.")
]
Size = Annotated[int | None, typer.Option("--size", min=1, help="Number of cases, where a study can have more or fewer.")]


def validate(
    study: Names,
    out: Tables = Path("validation"),
    data: Data = None,
    size: Size = None,
    seed: o.Seed = 0,
    processes: o.Processes = 1,
    json: o.Json = False,
    quiet: o.Quiet = False,
    debug: o.Debug = False,
) -> None:
    """Measure on cases of known outcome how well forecasts and their intervals hold; one page and picture a study."""
    from calibration.study import studies
    from scenarios.cli.compiled import announce

    voice = Voice(json, quiet)
    names = studies.names() if study == ["all"] else study
    kinds = {name: studies[name] for name in names}
    if study == ["all"]:
        kinds = _with_data(kinds, data, voice)
    announce(voice)
    settings = {"size": size, "seed": seed, "processes": processes, "progress": voice.progress}
    with resumable(f"every case measured so far is kept in {out}"):
        told = {name: _one(name, out, data, settings, voice) for name in kinds}
    voice.result({"out": out, "studies": told})
    missed = sum(not check["met"] for checks in told.values() for check in checks)
    voice.last(f"{missed or 'No'} bar{'' if missed == 1 else 's'} missed: {out}")
    if missed:
        raise typer.Exit(OncotwinError.exit_code)


def _one(name: str, out: Path, data: Path | None, settings: dict[str, Any], voice: Voice) -> list[dict[str, Any]]:
    from calibration.validate import validate as run
    from twin.provenance import Manifest

    manifest = Manifest(f"validate-{name}", {"size": settings["size"]}, settings["seed"])
    page = run(name, out, data=data, **settings)
    manifest.write(out)
    for check in page.checks:
        verdict = ("ok" if check.met else "MISSED") if check.bar else ""
        voice.say(f"{verdict:7}{name:10} {check.what}: {check.measured:.3g} {check.note} {check.bar and f'({check.bar})'}")
    return [{"what": c.what, "measured": c.measured, "bar": c.bar, "met": c.met} for c in page.checks]


def _with_data(kinds: dict[str, Any], data: Path | None, voice: Voice) -> dict[str, Any]:
    """The studies whose data are there; the others are named."""
    there = {n: k for n, k in kinds.items() if not k.data or (data is not None and (data / k.data).is_dir())}
    for name in kinds.keys() - there.keys():
        voice.note(f"The study '{name}' is left out: give the folder that holds '{kinds[name].data}' with --data.")
    return there
