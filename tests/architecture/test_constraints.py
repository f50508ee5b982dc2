"""constraints.txt pins what the extras pull, all of it and nothing else."""

from __future__ import annotations

import tomllib
from importlib.metadata import requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
LINUX = {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"}
"""Where the set was made; elsewhere a package or two come on top (colorama on Windows)."""


def pinned() -> set[str]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return {canonicalize_name(Requirement(line).name) for line in lines if not line.startswith("#")}


def pulled(extra: str) -> set[str]:
    """Distributions that an extra of pyproject.toml needs here, directly or by way of another."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    found: set[tuple[str, str]] = set()
    waiting = [(r, "") for r in (*project["dependencies"], f"oncotwin[{extra}]")]
    while waiting:
        text, of_extra = waiting.pop()
        need = Requirement(text)
        name = canonicalize_name(need.name)
        if need.marker and not need.marker.evaluate({"extra": of_extra, **LINUX}):
            continue
        for wanted in ("", *need.extras):
            if (name, wanted) not in found:
                found.add((name, wanted))
                more = extras.get(wanted, []) if name == "oncotwin" else requires(name) or []
                waiting += [(r, wanted) for r in more]
    return {name for name, _ in found} - {"oncotwin"}


def test_every_pin_serves_and_none_is_missing():
    needed = pulled("dev")
    assert len(needed) > 50
    assert pinned() == needed
