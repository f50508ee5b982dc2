"""The reference page of the case file, made from its schema: ``python -m twin.case.reference`` prints it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twin.case.labels import PRESETS, REGIONS
from twin.case.schema import schema_json
from twin.case.totalsegmentator import CLASSES, ORGANS
from twin.case.units import ROLES

PARTS = (
    ("VisitEntry", "visit: one scan date"),
    ("ImageEntry", "image: a file alone, or file and unit"),
    ("SegmentationEntry", "segmentation: one label file"),
    ("TissueEntry", "tissue"),
    ("OrganEntry", "organ: a mask alone, or a label file and its numbers"),
    ("CellularityEntry", "cellularity"),
    ("VisibilityEntry", "visibility"),
    ("WrittenRadiotherapy", "radiotherapy: a course among the treatments"),
    ("WrittenDrug", "drug: a course among the treatments"),
    ("WrittenResection", "surgery: an operation among the treatments"),
    ("DoseMap", "dose map: of radiotherapy"),
    ("GivenFraction", "fraction: listed by itself"),
    ("GivenDose", "dose: listed by itself"),
)
"""The parts of the file in reading order, with their headings."""

HEAD = """\
# The case file

<!-- Written by `python -m twin.case.reference`; edit the docstrings in twin/case, not this page. -->

`case.yaml` describes one patient folder. Paths are relative to the file. A key that is not listed here is refused, with the
nearest known one. `oncotwin new FOLDER` writes a commented example, `oncotwin inspect FOLDER` says what is in it, and
`oncotwin new FOLDER --schema` adds the JSON Schema with which an editor completes and checks while you type. How to write
one, with examples: [Write a case file](../how-to/write-a-case-file.md).
"""


def case_page() -> str:
    """The page as Markdown."""
    schema = schema_json()
    parts = [HEAD, "## The file\n\n" + _table(schema)]
    for name, heading in PARTS:
        part = schema["$defs"][name]
        parts.append(f"## {heading}\n\n{_prose(part)}\n\n{_table(part)}")
    parts += [_roles(), _labels()]
    return "\n".join(parts)


def _table(part: Mapping[str, Any]) -> str:
    rows = ["| key | value | default | |", "|---|---|---|---|"]
    needed = part.get("required", ())
    for key, facts in part["properties"].items():
        default = "**needed**" if key in needed else _default(facts.get("default"))
        rows.append(f"| `{key}` | {_type(facts)} | {default} | {_cell(facts.get('description', ''))} |")
    return "\n".join(rows) + "\n"


def _default(value: Any) -> str:
    if value in (None, [], {}):
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _type(facts: Mapping[str, Any]) -> str:
    """A JSON type in words."""
    if "$ref" in facts:
        return dict(PARTS)[facts["$ref"].split("/")[-1]].split(":")[0]
    if "enum" in facts:
        return ", ".join(f"`{v}`" for v in facts["enum"])
    options = facts.get("anyOf") or facts.get("oneOf")
    if options:
        words = [_type(o) for o in options if o.get("type") != "null"]
        return " or ".join(dict.fromkeys(words)) + (", null" if len(words) < len(options) and facts.get("default") else "")
    if facts.get("type") == "array":
        return f"list of {_type(facts.get('items', {}))}"
    if facts.get("format"):
        return "date" if facts["format"] == "date" else "date and time"
    return {"string": "text", "object": "keys and values", "integer": "whole number", "boolean": "true or false"}.get(
        facts.get("type", ""), facts.get("type", "any")
    )


def _prose(part: Mapping[str, Any]) -> str:
    return str(part.get("description", "")).replace("``", "`").strip()


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def _roles() -> str:
    rows = ["## Image roles and their units\n", "| role | units |", "|---|---|"]
    rows += [f"| `{role}` | {', '.join(f'`{u}`' for u in units) or 'none needed'} |" for role, units in ROLES.items()]
    return "\n".join(rows) + "\n"


def _labels() -> str:
    rows = [
        "## Regions and label presets\n",
        f"Regions: {', '.join(f'`{r}`' for r in REGIONS)}.",
        "Core is enhancing and necrosis; the whole lesion is core, oedema, non_enhancing and tumour.",
        "Numbers mean different things in different conventions; names do not.\n",
        "| preset | numbers | source |",
        "|---|---|---|",
    ]
    for preset in PRESETS.values():
        numbers = ", ".join(f"{g[0]} {region}" for region, g in sorted(preset.labels.items(), key=lambda item: item[1]))
        rows.append(f"| `{preset.name}` | {numbers} | {preset.source} |")
    classes = ", ".join(f"{number} {name}" for number, name in enumerate(CLASSES, start=1))
    joined = ", ".join(name for name, numbers in ORGANS.items() if len(numbers) > 1)
    rows.append(f"\nThe preset `totalsegmentator2` of tissue and organs (task total): {classes}.")
    rows.append(f"\nSeveral of them together: {joined}.")
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    print(case_page(), end="")
