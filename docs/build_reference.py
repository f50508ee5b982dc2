"""Write the pages of docs/reference: the command line from its declarations, the case file from its schema, the Python API
from the docstrings.

    python docs/build_reference.py            write them
    python docs/build_reference.py --check    exit 1 if one is out of date

Modules of the API are read, not imported, so that the page is the same whatever is installed.
"""

from __future__ import annotations

import ast
import inspect
import sys
import typing
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from typer.models import ArgumentInfo, OptionInfo

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = ROOT / "docs" / "reference"
FLOORS = ("twin", "solvers", "calibration", "scenarios")
GENERATED = "<!-- Written by docs/build_reference.py (make docs); edit the docstrings, not this page. -->"


def pages() -> dict[Path, str]:
    """Every generated page with its text."""
    from scenarios.criteria_page import criteria_page
    from scenarios.reference import regimens_page
    from twin.case.reference import case_page

    made = {"cli": cli_page(), "case-file": case_page(), "regimens": regimens_page(), "criteria": criteria_page()}
    made["api"] = api_page()
    return {REFERENCE / f"{name}.md": text for name, text in made.items()}


def stale() -> list[Path]:
    """The pages that are missing or no longer what the sources say."""
    return [p for p, text in pages().items() if not p.is_file() or p.read_text(encoding="utf-8") != text]


def cli_page() -> str:
    from scenarios.cli.app import COMMANDS, EXIT_CODES, app

    parts = ["# Command line", GENERATED, str(app.info.help), EXIT_CODES]
    parts += ["`oncotwin --install-completion` makes the shell complete commands and options."]
    parts += [_command(name, function) for name, function, _ in COMMANDS]
    return "\n\n".join(parts) + "\n"


def _command(name: str, function: Callable[..., None]) -> str:
    hints = typing.get_type_hints(function, include_extras=True)
    declared = [
        (p.name, *typing.get_args(hints[p.name])[:2], p.default) for p in inspect.signature(function).parameters.values()
    ]
    arguments = [d for d in declared if isinstance(d[2], ArgumentInfo)]
    options = [d for d in declared if isinstance(d[2], OptionInfo)]
    usage = " ".join(["oncotwin", name, *(str(info.metavar) for _, _, info, _ in arguments), "[OPTIONS]"])
    lines = [
        f"## oncotwin {name}",
        "",
        inspect.getdoc(function) or "",
        "",
        f"    {usage}",
        "",
        "| | | default |",
        "|---|---|---|",
    ]
    lines += [f"| `{info.metavar}` | {info.help} | |" for _, _, info, _ in arguments]
    lines += [f"| {_option_names(info, kind)} | {info.help} | {_default(value)} |" for _, kind, info, value in options]
    return "\n".join(lines)


def _option_names(option: OptionInfo, kind: Any) -> str:
    declared = (option.default, *(option.param_decls or ()))  # in Annotated, typer takes the first name for the default
    names = ", ".join(f"`{name}`" for name in declared)
    if kind is bool:
        return names
    choices = "\\|".join(typing.get_args(kind)) if typing.get_origin(kind) is typing.Literal else ""
    return f"{names} {option.metavar or choices or getattr(kind, '__name__', 'text').upper()}"


def _default(value: Any) -> str:
    value = getattr(value, "value", value)
    return "" if value is None or value is False else f"`{value}`"


def api_page() -> str:
    parts = ["# Python API", GENERATED, "Floor by floor; a package imports only from those before it."]
    for floor in FLOORS:
        parts += [f"## {floor}"] + [text for path in _modules(floor) if (text := _module(path))]
    return "\n\n".join(parts) + "\n"


def _modules(floor: str) -> Iterator[Path]:
    for path in sorted((ROOT / floor).rglob("*.py")):
        if "cli" not in path.relative_to(ROOT).parts:
            yield path


def _module(path: Path) -> str:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    told = [_told(node) for node in tree.body if _is_public(node)]
    about = ast.get_docstring(tree) or ""
    return "\n\n".join([f"### {name}", about, *told]).rstrip() if about or told else ""


def _is_public(node: ast.AST) -> bool:
    kinds = (ast.FunctionDef, ast.ClassDef)
    return isinstance(node, kinds) and not node.name.startswith("_") and bool(ast.get_docstring(node))


def _told(node: Any) -> str:
    heading = f"**`{_signature(node)}`**"
    text = ast.get_docstring(node) or ""
    methods = [m for m in node.body if _is_public(m)] if isinstance(node, ast.ClassDef) else []
    return "\n\n".join([heading, text, *(f"- `{_signature(m)}`: {_first_paragraph(m)}" for m in methods)])


def _signature(node: Any) -> str:
    if isinstance(node, ast.ClassDef):
        return f"class {node.name}"
    returned = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    return f"{node.name}({ast.unparse(node.args)}){returned}"


def _first_paragraph(node: Any) -> str:
    return " ".join((ast.get_docstring(node) or "").split("\n\n")[0].split())


def main() -> None:
    sys.path.insert(0, str(ROOT))
    if "--check" in sys.argv:
        for path in (old := stale()):
            print(f"out of date: {path.relative_to(ROOT)} (make docs)")
        raise SystemExit(bool(old))
    for path, text in pages().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        print(path.relative_to(ROOT))


if __name__ == "__main__":
    main()
