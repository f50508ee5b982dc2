"""The page that says how to add a growth model: its file is written, found and run by both engines."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path

import numpy as np
import pytest

from solvers.model import models
from solvers.problem import Problem
from solvers.simulate import solve
from solvers.volume import simulate_volume
from tests.contracts import test_models as contracts
from twin.grid import Grid
from twin.medium import Medium

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "add-a-growth-model.md"


@pytest.fixture(scope="module")
def allee(tmp_path_factory):
    """The model of the page, from a file of its own; forgotten afterwards."""
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.S)
    path = tmp_path_factory.mktemp("models") / "allee.py"
    path.write_text(code, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("solvers.models.allee", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    models.names()
    spec.loader.exec_module(module)
    yield models["allee"]
    del sys.modules[spec.name], models._items["allee"]


def test_the_registry_finds_it(allee):
    assert "allee" in models.names() and allee().allee_threshold == 0.05


@pytest.mark.parametrize("engine", ["native", "fipy"])
def test_both_engines_run_it(allee, engine):
    grid = Grid((1, 3, 4), (1.0, 1.0, 1.0))
    medium = Medium.of_one_tissue(grid, np.ones(grid.shape, bool))
    for start, grows in ((0.02, False), (0.2, True)):
        (shot,) = solve(Problem(allee(), medium, np.full(grid.shape, start), (30.0,)), engine, "standard")
        assert (shot.cells.mean() > start) == grows
        expected = simulate_volume(allee(), start, 1.0, (30.0,))
        assert shot.cells.mean() == pytest.approx(float(expected.u[0, 0]), rel=1e-4)


def test_it_passes_the_contracts(allee):
    checks = [
        f for name, f in vars(contracts).items() if name.startswith("test_") and "flow" not in name and "engine" not in name
    ]
    assert len(checks) > 8
    for check in checks:
        check(allee)
