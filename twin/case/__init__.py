"""The patient folder: a ``case.yaml`` that a person writes by hand, the images it names, and the prepared patient.

``load_case`` reads one, ``inspect_case`` says in words what it holds, ``write_template`` starts a new one, ``write_case``
writes any patient as such a folder, ``schema_json`` is the JSON Schema of the file. Each is imported when first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from twin.case.inspection import Inspection, inspect_case
    from twin.case.load import load_case
    from twin.case.schema import schema_json
    from twin.case.template import write_template
    from twin.case.write import write_case

__all__ = ["Inspection", "inspect_case", "load_case", "schema_json", "write_case", "write_template"]

_HOMES = {
    "Inspection": "inspection",
    "inspect_case": "inspection",
    "load_case": "load",
    "schema_json": "schema",
    "write_case": "write",
    "write_template": "template",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'twin.case' has no attribute '{name}'")
    return getattr(importlib.import_module(f"twin.case.{_HOMES[name]}"), name)
