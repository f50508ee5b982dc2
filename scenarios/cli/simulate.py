"""``oncotwin simulate``: one forward run with given parameters."""

from __future__ import annotations

import itertools
import math
from pathlib import Path
from typing import Annotated, Any

import typer

from scenarios.cli import options as o
from scenarios.cli.voice import Voice
from twin.errors import UsageError

OUTPUTS = ("simulation.zarr", "volumes.csv")

Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="NAME=VALUE", help="A parameter in its own unit; may be repeated. Others keep their default."
    ),
]
Days = Annotated[str, typer.Option("--days", metavar="LIST", help="Days to save: 0,30,60 or START:STOP:STEP.")]


def simulate(
    case: o.Case,
    model: o.Model = "fisher-kpp",
    set: Settings = None,
    effect: o.Effect = None,
    days: Days = "0:180:30",
    out: o.Out = Path("simulation"),
    engine: o.Engine = "native",
    accuracy: o.Accuracy = "standard",
    overwrite: o.Overwrite = False,
    json: o.Json = False,
    quiet: o.Quiet = False,
    debug: o.Debug = False,
) -> None:
    """Run a growth model forward from the baseline scan with parameters that you give; no calibration."""
    voice = Voice(json, quiet)
    asked = {
        "settings": parse_settings(set or []),
        "days": parse_days(days),
        "model": model,
        "effect_names": effect or None,
        "engine": engine,
        "accuracy": accuracy,
    }
    columns, *rows = step(case, out, asked, overwrite, voice)
    voice.table("Tumour over time", columns, rows)
    voice.result({"results": out, "volumes": [dict(zip(columns, map(float, row), strict=True)) for row in rows]})
    voice.last(f"Simulated: {out / OUTPUTS[0]}")


def step(case: Path, out: Path, asked: dict[str, Any], overwrite: bool, voice: Voice) -> list[list[str]]:
    """Simulate into ``out`` and leave a manifest; the volume table, its header first. Finished work is not repeated."""
    from scenarios.cli.claim import claim
    from scenarios.cli.inputs import case_files
    from twin.provenance import Manifest

    files = case_files(case)
    manifest = Manifest("simulate", asked)
    manifest.add_inputs(files, files[0].parent)
    if claim(manifest, out, OUTPUTS, overwrite=overwrite):
        voice.note(f"{out} holds this simulation already; --overwrite would repeat it.")
    else:
        manifest.cite(*_compute(files[0], out, asked, voice))
        manifest.write(out)
    return [line.split(",") for line in (out / OUTPUTS[1]).read_text(encoding="utf-8").splitlines()]


def parse_settings(texts: list[str]) -> dict[str, float]:
    """NAME=VALUE pairs as numbers."""
    settings = {}
    for text in texts:
        name, equals, value = text.partition("=")
        try:
            settings[name.strip()] = float(value)
        except ValueError:
            equals = ""
        if not equals:
            raise UsageError(
                f"--set {text} is not NAME=VALUE with a number.", remedy="for example --set proliferation_per_day=0.05"
            )
    return settings


def parse_days(text: str) -> tuple[float, ...]:
    """``0,30,60`` or ``START:STOP:STEP`` (the stop included) as increasing days."""
    try:
        numbers = [float(part) for part in text.replace(":", ",").split(",")]
    except ValueError:
        numbers = []
    if ":" in text and len(numbers) == 3 and numbers[2] > 0 and all(map(math.isfinite, numbers)):
        start, stop, pace = numbers
        numbers = [start + i * pace for i in range(int((stop - start) / pace + 1e-9) + 1)]
    elif ":" in text:
        numbers = []
    if not numbers or any(b <= a for a, b in itertools.pairwise(numbers)) or numbers[0] < 0:
        raise UsageError(
            f"--days {text} is not a list of increasing days from 0 on.",
            remedy="for example --days 0,30,60 or --days 0:180:30",
        )
    return tuple(numbers)


def _compute(case: Path, out: Path, asked: dict[str, Any], voice: Voice) -> list[str]:
    from scenarios.cli.compiled import announce
    from scenarios.forward import forward
    from twin.case import load_case
    from twin.store import save_dataset, save_text

    announce(voice)
    data = forward(load_case(case, voice.progress), **asked)
    save_dataset(out / OUTPUTS[0], data)
    table = {f"{name}_ml": data[name].values for name in ("volume", "core", "burden") if name in data}
    lines = [",".join(["day", *table])]
    lines += [",".join(f"{v:.6g}" for v in row) for row in zip(data["t"].values, *table.values(), strict=True)]
    save_text(out / OUTPUTS[1], "\n".join(lines) + "\n")
    return list(data.attrs["citations"])
