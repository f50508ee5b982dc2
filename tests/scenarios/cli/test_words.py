"""Usage errors, look-ups and help."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys

import pytest
import typer

from scenarios.cli.app import COMMANDS
from scenarios.cli.guard import guarded
from scenarios.cli.simulate import parse_days, parse_settings
from twin.errors import UsageError

HEAVY = "numpy scipy xarray zarr dask distributed pandas numba SimpleITK pyvista vtkmodules matplotlib fipy optuna pydantic"


def test_help_imports_nothing_heavy():
    look = f"""
import sys
sys.argv = ["oncotwin", "--help"]
from scenarios.cli import main
try:
    main()
except SystemExit as end:
    assert end.code == 0
print(*sorted(set(sys.modules) & set({HEAVY.split()!r})), file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    assert "Exit codes: 0 ok" in done.stdout
    assert done.stderr.strip() == "", f"imported: {done.stderr}"


@pytest.mark.parametrize("name", [name for name, _, _ in COMMANDS])
def test_every_command_has_help_json_quiet_and_debug(oncotwin, name):
    done = oncotwin(name, "--help")
    assert done.exit_code == 0
    for option in ("--json", "--quiet", "--debug"):
        assert option in done.stdout


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["calibrat"], "Did you mean 'calibrate'"),
        (["calibrate", "x", "--sed", "1"], "--seed"),
        (["calibrate"], "CASE"),
        (["calibrate", "x", "--accuracy", "perfect"], "standard"),
        (["calibrate", "x", "--draws", "none"], "--draws"),
        (["list", "modell"], "Did you mean 'models'"),
        (["simulate", "x", "--set", "rho"], "NAME=VALUE"),
        (["simulate", "x", "--days", "30,0"], "increasing days"),
        (["calibrate", ".", "--engine", "nativ"], "Did you mean 'native'"),
        (["run", ".", "--model", "fisher"], "Did you mean 'fisher-kpp'"),
    ],
)
def test_usage_errors_end_with_2_and_a_hint(oncotwin, arguments, hint):
    done = oncotwin(*arguments)
    assert done.exit_code == 2, done.output
    assert hint in done.stderr and "Traceback" not in done.output


@pytest.mark.parametrize(
    ("arguments", "where"),
    [
        (["calibrat", "x"], "oncotwin"),
        (["calibrate", "x", "--sed", "1"], "oncotwin calibrate"),
        (["calibrate"], "oncotwin calibrate"),
        (["calibrate", "x", "--draws", "none"], "oncotwin calibrate"),
        (["--jsn"], "oncotwin"),
    ],
)
def test_usage_errors_are_told_to_programs_as_all_others(oncotwin, arguments, where):
    done = oncotwin(*arguments, "--json")
    told = json.loads(done.stdout)
    assert done.exit_code == told["exit_code"] == 2 and set(told["error"]) == {"what", "where", "why", "remedy"}
    assert told["error"]["where"] == where and f"`{where} --help`" in told["error"]["remedy"]
    assert told["error"]["what"] and done.stderr.strip(), "people read it on stderr"
    assert oncotwin(*arguments).stdout == ""


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash on this machine")
@pytest.mark.parametrize(
    ("typed", "offered"),
    [(["oncotwin", "calib"], {"calibrate"}), (["oncotwin", "scenarios", "--sch"], {"--scheduler"})],
)
def test_completion_in_bash(tmp_path, typed, offered):
    """The script that ``--install-completion`` puts into a person's shell, asked as the shell asks when Tab is pressed."""
    program = tmp_path / "oncotwin"
    program.write_text(f"#!/bin/sh\nexec {sys.executable} -c 'from scenarios.cli import main; main()' \"$@\"\n")
    program.chmod(0o755)
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    shown = [str(program), "--show-completion", "bash"]
    script = subprocess.run(shown, capture_output=True, text=True, env=environment, check=True).stdout
    words = " ".join(f"'{word}'" for word in typed)
    press = [
        script,
        f"COMP_WORDS=({words}); COMP_CWORD={len(typed) - 1}",
        r"handler=$(complete -p oncotwin | sed 's/.*-F \([^ ]*\).*/\1/')",
        "$handler oncotwin",
        r"printf '%s\n' ${COMPREPLY[@]}",
    ]
    done = subprocess.run(["bash", "-c", "\n".join(press)], capture_output=True, text=True, env=environment, check=True)
    assert set(done.stdout.split()) == offered, done.stderr


@pytest.mark.parametrize("command", ["calibrate", "inspect", "run", "simulate"])
def test_a_case_that_is_not_there_is_refused(oncotwin, tmp_path, command):
    done = oncotwin(command, tmp_path / "nobody")
    assert done.exit_code == 3
    assert "There is no case file at" in done.stderr and "oncotwin new" in done.stderr
    assert oncotwin(command, tmp_path).exit_code == 3


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)),
        shutil.Error([("a/b", "there/b", f"[Errno 28] {os.strerror(errno.ENOSPC)}: 'a/b' -> 'there/b'")] * 9),
    ],
)
def test_a_full_disk_is_told_in_a_line_each(error, capsys):
    def command():
        raise error

    with pytest.raises(typer.Exit) as end:
        guarded(command)()
    told = capsys.readouterr().err
    assert end.value.exit_code == 1 and "The disk is full" in told and "run the same command again" in told
    assert len(told.splitlines()) <= 4


def test_version(oncotwin):
    assert oncotwin("--version").stdout.startswith("oncotwin 0.")


def test_list_models_has_units_ranges_and_sources(oncotwin):
    found = json.loads(oncotwin("list", "models", "--json").stdout)["models"]
    fisher = next(m for m in found if m["name"] == "fisher-kpp")
    growth = next(p for p in fisher["parameters"] if p["name"] == "proliferation_per_day")
    assert growth["unit"] == "1/day" and growth["low"] < growth["default"] < growth["high"] and growth["source"]
    assert "proliferation_per_day" in oncotwin("list", "models").stdout


@pytest.mark.parametrize("kind", ["therapies", "engines", "regimens", "drugs", "presets"])
def test_list_of_every_kind_is_not_empty(oncotwin, kind):
    done = oncotwin("list", kind, "--json")
    assert done.exit_code == 0, done.output
    assert len(json.loads(done.stdout)[kind]) >= 1


def test_an_answer_is_kept_with_its_manifest(oncotwin, tmp_path):
    assert oncotwin("list", "drugs", "--out", "kept", "--quiet").exit_code == 0
    kept, manifest = (json.loads((tmp_path / "kept" / name).read_text()) for name in ("list.json", "manifest-list.json"))
    assert {"temozolomide", "doxorubicin"} <= {d["name"] for d in kept["drugs"]}
    assert manifest["command"] == "list" and manifest["notice"].startswith("Research use only")


def test_list_of_all_names(oncotwin):
    assert "stupp" in oncotwin("list").stdout


def test_doctor_finds_this_machine_ready(oncotwin, monkeypatch):
    monkeypatch.setattr("twin.visual.probe.can_render", lambda: (False, "no EGL: install it"))
    done = oncotwin("doctor", "--json")
    told = json.loads(done.stdout)
    assert done.exit_code == 0 and told["ready"]
    pictures = next(f for f in told["findings"] if f["subject"] == "3D pictures")
    assert pictures["state"] == "advice" and "install it" in pictures["found"]


def test_doctor_is_not_ready_without_a_library(oncotwin, monkeypatch):
    monkeypatch.setattr("twin.visual.probe.can_render", lambda: (True, "fine"))
    monkeypatch.setitem(__import__("scenarios.cli.doctor", fromlist=["NEEDED"]).NEEDED, "no-such-library", "pip install it")
    done = oncotwin("doctor")
    assert done.exit_code == 1 and "Not ready: no-such-library" in done.stdout


def test_days_and_settings():
    assert parse_days("0:90:30") == (0, 30, 60, 90) and parse_days("0, 1.5,7") == (0, 1.5, 7)
    assert parse_settings(["a=1e-3", "b = 2"]) == {"a": 1e-3, "b": 2.0}
    for wrong in ("", "a", "0:1", "0:9:0", "-1,2", "5,5", "0:nan:1"):
        with pytest.raises(UsageError, match="increasing days"):
            parse_days(wrong)
