"""Results made once for all tests of the report."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.twin.report import fake_results
from twin.report import build_report
from twin.visual import scene
from twin.visual.probe import can_render


@pytest.fixture(scope="session")
def brain_results(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("brain")
    return fake_results.write_results(folder, fake_results.fake_patient(factor=4), draws=8)


@pytest.fixture(scope="session")
def flat_report(brain_results: Path, tmp_path_factory) -> Path:
    """A report without scenes: quick."""
    return _without_scenes(brain_results, tmp_path_factory.mktemp("flat"))


@pytest.fixture(scope="session")
def full_report(tmp_path_factory) -> Path:
    """A report with scenes, smaller than life."""
    able, reason = can_render()
    if not able:
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("full")
    fake_results.write_results(folder, fake_results.fake_patient(factor=5), arms=("none", "standard"), draws=4)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scene, "HERO", (320, 240))
        patch.setattr(scene, "PANEL", (200, 160))
        return build_report(folder)


def _without_scenes(results: Path, out: Path) -> Path:
    os.environ["ONCOTWIN_NO_3D"] = "1"
    can_render.cache_clear()
    try:
        return build_report(results, out)
    finally:
        del os.environ["ONCOTWIN_NO_3D"]
        can_render.cache_clear()


@pytest.fixture(scope="session")
def without_scenes():
    """``without_scenes(results, out)`` builds a report as on a machine where VTK cannot render."""
    return _without_scenes
