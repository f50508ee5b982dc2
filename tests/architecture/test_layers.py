"""The house keeps its floors: contracts of import-linter, light imports, one home for each heavy engine."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("twin", "solvers", "calibration", "scenarios")
HOMES = {
    "fipy": ("solvers/engines/fipy",),
    "optuna": ("calibration/",),
    "dask": ("scenarios/", "calibration/"),
    "distributed": ("scenarios/", "calibration/"),
    "SimpleITK": ("twin/imaging/",),
    "pydicom": ("twin/imaging/",),
    "vtk": ("twin/visual/",),
    "pyvista": ("twin/visual/",),
    "matplotlib": ("twin/visual/", "twin/report/"),
    "typer": ("scenarios/cli/",),
    "SALib": ("scenarios/sensitivity.py",),
}
"""Where a heavy library may be imported; nowhere else."""


def sources() -> list[Path]:
    return sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def imported(path: Path) -> set[str]:
    """The top-level packages that a file imports anywhere, in functions too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module.split(".")[0])
    return found


def loaded_by(statement: str, heavy: str) -> set[str]:
    """Which of the ``heavy`` modules are loaded in a fresh interpreter after ``statement``."""
    code = f"import sys\n{statement}\nprint(*set(sys.modules) & set({heavy.split()!r}))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_import_contracts():
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.parametrize("library", sorted(HOMES))
def test_each_heavy_library_has_one_home(library):
    homes = HOMES[library]
    strangers = [
        path.relative_to(ROOT).as_posix()
        for path in sources()
        if library in imported(path) and not path.relative_to(ROOT).as_posix().startswith(homes)
    ]
    assert not strangers, f"{library} is imported outside {homes}: {strangers}"


@pytest.mark.parametrize(
    ("statement", "heavy"),
    [
        ("import twin", "numpy xarray SimpleITK vtkmodules pydantic"),
        ("import twin.case, twin.report, twin.visual, twin.imaging", "SimpleITK pyvista vtkmodules matplotlib"),
        (
            "import solvers.simulate\nfrom solvers.engine import engines\nengines.names()",
            "SimpleITK pyvista vtkmodules matplotlib fipy optuna dask distributed pydantic typer",
        ),
        ("import calibration, scenarios", "numpy optuna dask"),
    ],
)
def test_imports_are_light(statement, heavy):
    assert loaded_by(statement, heavy) == set()
