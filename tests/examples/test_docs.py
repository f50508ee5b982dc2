"""The pages agree with the code: links lead somewhere, the reference is up to date, the commands shown exist."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


def shown_in(page: Path) -> str:
    """The page with its fenced blocks indented, as code is elsewhere."""
    text = page.read_text(encoding="utf-8")
    return re.sub(r"```\w*\n(.*?)```", lambda m: re.sub(r"^", "    ", m.group(1), flags=re.M), text, flags=re.S)


def test_links_lead_to_files():
    dead = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in PAGES
        for target in LINK.findall(page.read_text(encoding="utf-8"))
        if "://" not in target and not (page.parent / target).exists()
    ]
    assert not dead, dead


def test_every_page_is_reachable_from_the_index():
    index = (ROOT / "docs/index.md").read_text(encoding="utf-8")
    linked = {(ROOT / "docs" / target).resolve() for target in LINK.findall(index) if "://" not in target}
    pages = {p for p in PAGES if p.is_relative_to(ROOT / "docs") and "decisions/0" not in p.as_posix()}
    assert not [p.name for p in pages - linked - {ROOT / "docs/index.md"}]


def test_the_reference_is_what_the_sources_say():
    spec = importlib.util.spec_from_file_location("build_reference", ROOT / "docs/build_reference.py")
    assert spec and spec.loader
    build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    assert not [p.name for p in build.stale()], "run: make docs"


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_commands_and_options_shown_exist(page):
    reference = (ROOT / "docs/reference/cli.md").read_text(encoding="utf-8")
    sections = dict(re.findall(r"^## oncotwin ([\w-]+)\n(.*?)(?=^## |\Z)", reference, flags=re.M | re.S))
    for line in re.findall(r"^(?:    |\$ )oncotwin (\w+.*)$", shown_in(page), flags=re.M):
        name, *words = line.split("#")[0].split()
        assert name in sections, f"{page.name}: oncotwin {name}"
        for option in re.findall(r"(?<!\S)--[a-z][a-z-]*", " ".join(words)):
            assert f"`{option}`" in sections[name], f"{page.name}: oncotwin {name} has no {option}"
