"""The hospital side: DICOM in (series, SEG, RTSTRUCT, RTDOSE, RTPLAN) and out (SEG, RTSTRUCT, parametric map, SR).

``import_study`` makes a patient folder of a PACS export; ``export_results`` takes predictions back to the study.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from twin.imaging.dicom.export import ExportReport, export_results
    from twin.imaging.dicom.study import ImportReport, import_study

__all__ = ["ExportReport", "ImportReport", "export_results", "import_study"]


def __getattr__(name: str) -> Any:
    """Import the two commands when they are asked for: pydicom stays out of ``import twin``."""
    import importlib

    homes = {"import_study": "study", "ImportReport": "study", "export_results": "export", "ExportReport": "export"}
    if name not in homes:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{homes[name]}"), name)
