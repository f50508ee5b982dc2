"""The JSON Schema says what may be written, and the reference page says what the schema says."""

from __future__ import annotations

import datetime
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.twin.case.folders import CASE
from tests.twin.case.patients import everything
from twin.case import schema_json, write_case
from twin.case.labels import PRESETS, REGIONS, matching
from twin.case.reference import case_page
from twin.case.template import TEMPLATE
from twin.case.units import ADC, adc_in_mm2_per_s, tidy

DOCS = Path(__file__).resolve().parents[3] / "docs"
KINDS: dict[str, Any] = {
    "string": (str, datetime.date),
    "number": (int, float),
    "integer": int,
    "boolean": bool,
    "null": type(None),
    "array": list,
    "object": dict,
}


def faults(value: Any, rule: Any, schema: Any, place: str = "") -> list[str]:
    """Where ``value`` breaks ``rule``: the part of JSON Schema that the case file uses."""
    if "$ref" in rule:
        rule = schema["$defs"][rule["$ref"].split("/")[-1]]
    options = rule.get("anyOf") or rule.get("oneOf")
    if options:
        tried = [faults(value, option, schema, place) for option in options]
        return [] if any(not t for t in tried) else min(tried, key=len)
    if rule.get("type") == "number" and isinstance(value, str) and re.fullmatch(r"[0-9.]+e[0-9]+", value):
        return []  # YAML 1.1 reads 1.77e5 as text, YAML 1.2 and the schema as a number
    if "type" in rule and not isinstance(value, KINDS[rule["type"]]):
        return [f"{place}: {value!r} is no {rule['type']}"]
    if "enum" in rule and value not in rule["enum"]:
        return [f"{place}: {value!r} is none of {rule['enum']}"]
    if isinstance(value, list):
        return [f for i, v in enumerate(value) for f in faults(v, rule.get("items", {}), schema, f"{place}[{i}]")]
    return _of_object(value, rule, schema, place) if isinstance(value, dict) else []


def _of_object(value: dict, rule: Any, schema: Any, place: str) -> list[str]:
    known, others = rule.get("properties", {}), rule.get("additionalProperties", True)
    found = [f"{place}: {key} is missing" for key in rule.get("required", ()) if key not in value]
    for key, inner in value.items():
        if key not in known and others is False:
            found.append(f"{place}: {key} is unknown")
        elif key not in known and not set([key]) <= set(rule.get("propertyNames", {}).get("enum", [key])):
            found.append(f"{place}: {key} is no name")
        else:
            found += faults(inner, known.get(key, others if isinstance(others, dict) else {}), schema, f"{place}.{key}")
    return found


@pytest.mark.parametrize("name", ["glioma", "breast"])
def test_the_tutorial_cases_keep_the_schema(name):
    content = yaml.safe_load((DOCS / "tutorials" / "cases" / name / "case.yaml").read_text())
    assert faults(content, schema_json(), schema_json()) == []


def test_the_template_keeps_the_schema():
    assert faults(yaml.safe_load(TEMPLATE), schema_json(), schema_json()) == []


def test_a_written_case_keeps_the_schema(tmp_path):
    content = yaml.safe_load(write_case(everything(), tmp_path).read_text())
    assert faults(content, schema_json(), schema_json()) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"colour": "red"},
        {"tissue": {"maks": "a.nii.gz"}},
        {"registration": "elastic"},
        {"visits": [{"day": 0, "images": {"t1ce": "a.nii.gz"}}]},
        {"treatments": [{"radiotherapy": 60, "fractions": 30, "from_day": 1}]},
    ],
)
def test_the_schema_refuses_what_the_program_refuses(wrong):
    assert faults({**CASE, **wrong}, schema_json(), schema_json())


def test_every_key_is_explained():
    schema = schema_json()
    for part in [schema, *schema["$defs"].values()]:
        for key, facts in part["properties"].items():
            assert facts.get("description"), f"{part['title']}.{key}"


def test_the_reference_page_is_up_to_date():
    page = DOCS / "reference" / "case-file.md"
    assert page.read_text(encoding="utf-8") == case_page(), (
        "run: python -m twin.case.reference > docs/reference/case-file.md"
    )


def test_how_to_examples_keep_the_schema():
    """Every YAML block of the how-to page is a piece of a case file."""
    text = (DOCS / "how-to" / "write-a-case-file.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
    assert len(blocks) >= 6
    for block in blocks:
        piece = yaml.safe_load(block)
        assert faults({**CASE, **piece}, schema_json(), schema_json()) == [], block


def test_presets_know_only_known_regions_and_no_number_twice():
    for preset in PRESETS.values():
        assert set(preset.labels) <= set(REGIONS)
        numbers = [n for group in preset.labels.values() for n in group]
        assert len(numbers) == len(set(numbers)) and preset.source


def test_matching_presets_are_named():
    assert matching({1, 2, 4}) == ["brats2021", "brats2024"]
    assert matching({1, 3, 4}) == ["brats2024", "gliodil"]
    assert matching({9}) == []


@pytest.mark.parametrize(
    "written", ["1e-6 mm2/s", "1E-6 mm²/s", "10^-6 mm^2/s", "10-6 mm2/s", "µm2/s", "um^2/s", "1e-06 mm2/s"]
)
def test_units_are_read_as_people_write_them(written):
    assert ADC[tidy(written)] == 1e-6


@pytest.mark.parametrize(
    ("written", "value"), [("2500 um2/s", 2.5e-3), ("2.5e-3 mm2/s", 2.5e-3), ("2.5 um2/ms", 2.5e-3), ("0 mm2/s", 0.0)]
)
def test_diffusion_quantities_carry_their_unit(written, value):
    assert adc_in_mm2_per_s(written) == pytest.approx(value)


@pytest.mark.parametrize(("written", "words"), [(2500, "has no unit"), ("2500", "has no unit"), ("2500 mm", "unknown")])
def test_a_diffusion_quantity_without_a_unit_is_refused(written, words):
    with pytest.raises(ValueError, match=words):
        adc_in_mm2_per_s(written)
