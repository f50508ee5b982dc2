"""``oncotwin doctor``: whether this machine has what is needed, and what to do where it has not."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import typer

from scenarios.cli import options as o
from scenarios.cli.answer import answer
from scenarios.cli.voice import Voice
from twin.errors import OncotwinError

NEEDED = {
    "scipy": "pip install oncotwin",
    "numba": "pip install oncotwin",
    "xarray": "pip install oncotwin",
    "SimpleITK": "pip install 'oncotwin[imaging]'",
    "pydantic": "pip install 'oncotwin[imaging]'",
    "optuna": "pip install 'oncotwin[calibration]'",
    "dask": "pip install 'oncotwin[scenarios]'",
    "zarr": "pip install 'oncotwin[scenarios]'",
    "pyvista": "pip install 'oncotwin[visual]'",
    "fipy": "pip install 'oncotwin[fipy]' (the reference engine)",
}
EXTRAS = (
    ("DICOM in and out", ("pydicom", "highdicom"), "pip install 'oncotwin[dicom]'"),
    ("slides", ("pptx",), "pip install 'oncotwin[visual]'"),
    ("films", ("imageio", "imageio_ffmpeg"), "pip install 'oncotwin[visual]'"),
)
LEAST_MEMORY_GB, LEAST_DISK_GB = 4.0, 2.0


@dataclass(frozen=True)
class Finding:
    """One thing looked at. ``state``: "ok", "advice" (works, could be better) or "missing"."""

    subject: str
    state: str
    found: str
    remedy: str = ""


def doctor(out: o.Keep = None, json: o.Json = False, quiet: o.Quiet = False, debug: o.Debug = False) -> None:
    """Look at versions, rendering, cores, memory and caches; say what to do about anything that is missing."""
    voice = Voice(json, quiet)
    findings = examine()
    voice.table("oncotwin doctor", ("", "state", "found", "what to do"), [asdict(f).values() for f in findings])
    missing = [f for f in findings if f.state == "missing"]
    answer(voice, "doctor", {"findings": [asdict(f) for f in findings], "ready": not missing}, out)
    voice.last("Ready." if not missing else f"Not ready: {', '.join(f.subject for f in missing)}.")
    if missing:
        raise typer.Exit(OncotwinError.exit_code)


def examine() -> list[Finding]:
    """Every finding; a check that fails itself is a finding too."""
    checks: tuple[Callable[[], list[Finding]], ...] = (
        libraries,
        rendering,
        extras,
        cores,
        memory,
        disk,
        compiled_code,
        allocator,
    )
    return [finding for check in checks for finding in check()]


def libraries() -> list[Finding]:
    from twin.provenance import versions

    found = versions()
    rows = [Finding("oncotwin", "ok", found["oncotwin"]), Finding("python", "ok", found["python"])]
    for name, remedy in NEEDED.items():
        try:
            rows.append(Finding(name, "ok", importlib.metadata.version(name)))
        except importlib.metadata.PackageNotFoundError:
            rows.append(Finding(name, "missing", "not installed", remedy))
    return rows


def rendering() -> list[Finding]:
    from twin.visual.probe import can_render

    works, told = can_render()
    remedy = "" if works else "until then the report has two-dimensional pictures only"
    return [Finding("3D pictures", "ok" if works else "advice", told, remedy)]


def extras() -> list[Finding]:
    """What single outputs need; everything else works without."""
    from twin.errors import OncotwinError as Refusal
    from twin.report.paper import printer_here

    try:
        rows = [Finding("PDF", "ok", printer_here().__name__.removeprefix("by_"))]
    except Refusal as refusal:
        rows = [Finding("PDF", "advice", refusal.what, refusal.remedy)]
    for subject, names, remedy in EXTRAS:
        absent = [name for name in names if importlib.util.find_spec(name) is None]
        told = f"{' and '.join(absent)} not installed" if absent else "can be made"
        rows.append(Finding(subject, "advice" if absent else "ok", told, remedy if absent else ""))
    return rows


def cores() -> list[Finding]:
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return [Finding("cores", "ok", str(count), f"sweeps scale with cores: --processes {count}")]


def memory() -> list[Finding]:
    import psutil

    free = psutil.virtual_memory().available / 1e9
    if free >= LEAST_MEMORY_GB:
        return [Finding("free memory", "ok", f"{free:.1f} GB")]
    return [
        Finding("free memory", "advice", f"{free:.1f} GB", "close other programs, or use --processes 1 and coarser images")
    ]


def disk() -> list[Finding]:
    free = shutil.disk_usage(Path.cwd()).free / 1e9
    remedy = (
        "" if free >= LEAST_DISK_GB else "a results folder takes up to 1 GB: free some space, or write elsewhere with --out"
    )
    return [Finding("free disk here", "ok" if not remedy else "advice", f"{free:.1f} GB", remedy)]


def compiled_code() -> list[Finding]:
    from scenarios.cli.compiled import cache_folder, is_compiled

    folder = cache_folder()
    if not os.access(folder, os.W_OK):
        return [
            Finding(
                "compiled solver",
                "advice",
                "its folder is read-only",
                "set NUMBA_CACHE_DIR to a folder that you may write to",
            )
        ]
    return [
        Finding("compiled solver", "ok", "kept from an earlier run" if is_compiled() else "the first run compiles, once")
    ]


def allocator() -> list[Finding]:
    """glibc gives every temporary array back to the system where this is small: numpy then runs four times slower."""
    trim = os.environ.get("MALLOC_TRIM_THRESHOLD_", "")
    if trim.isdigit() and int(trim) < 1 << 24:
        return [
            Finding(
                "memory allocator",
                "advice",
                f"MALLOC_TRIM_THRESHOLD_={trim}",
                "unset it; it makes numpy several times slower",
            )
        ]
    return [Finding("memory allocator", "ok", "default")]
