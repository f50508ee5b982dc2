"""The commands that compute: what they pass on, write, resume and refuse."""

from __future__ import annotations

import inspect
import json

import pytest

from scenarios.cli.app import COMMANDS
from twin.errors import DataRefused


def test_run_goes_all_the_way_and_its_last_line_names_the_report(oncotwin, house, case, tmp_path):
    done = oncotwin("run", case)
    assert done.exit_code == 0, done.output
    assert house.calls == ["load_case", "calibrate", "scenarios", "report"]
    assert done.stdout.splitlines()[-1] == "Report: results/report.html"
    assert "A conclusion." in done.stdout and "A doubt." in done.stdout
    for command in ("calibrate", "scenarios", "report"):
        manifest = json.loads((tmp_path / f"results/manifest-{command}.json").read_text())
        assert manifest["state"] == "finished" and manifest["notice"].startswith("Research use only")


def test_calibrate_passes_its_options_and_leaves_a_manifest(oncotwin, house, case, tmp_path):
    done = oncotwin("calibrate", case, "--evaluations", 7, "--sampler", "cmaes", "--seed", 5, "-j", 2, "--coarsen", 2)
    assert done.exit_code == 0, done.output
    expected = {
        "evaluations": 7,
        "draws": 50,
        "sampler": "cmaes",
        "seed": 5,
        "processes": 2,
        "coarsen": 2,
        "engine": "native",
    }
    assert expected.items() <= house.told.items()
    manifest = json.loads((tmp_path / "results/manifest-calibrate.json").read_text())
    assert set(manifest["inputs_sha256"]) == {"case.yaml", "adc.nii.gz"}
    assert manifest["seed"] == 5 and manifest["configuration"]["evaluations"] == 7
    assert any("Swanson" in citation for citation in manifest["citations"])


@pytest.mark.parametrize("beside", [("--field", "regions:adc"), ("--from-prior",)])
@pytest.mark.parametrize("option", [("--posterior", "sampler"), ("--profile",), ("--coarsen", 2)])
def test_an_option_that_would_have_no_effect_is_refused(oncotwin, house, case, tmp_path, beside, option):
    refused = oncotwin("calibrate", case, *beside, *option)
    assert refused.exit_code == 2 and f"{option[0]} has no meaning beside {beside[0]}" in refused.stderr
    assert "why it matters" in refused.stderr and f"leave out {option[0]} or {beside[0]}" in refused.stderr
    assert house.calls == [] and not (tmp_path / "results").exists()


def test_a_field_is_not_drawn_from_the_prior(oncotwin, case):
    refused = oncotwin("calibrate", case, "--field", "gp", "--from-prior")
    assert refused.exit_code == 2 and "--from-prior has no meaning beside --field" in refused.stderr


@pytest.mark.parametrize(("flags", "markers"), [((), {"idh": "mutant"}), (("--no-markers",), {})])
def test_a_field_heeds_the_markers_and_their_absence(oncotwin, house, case, monkeypatch, flags, markers):
    seen = []
    monkeypatch.setattr(
        "scenarios.cli.calibrate._compute_field", lambda *a: seen.append(a[3].markers) or house.calibrate(*a[:2])
    )
    (case / "case.yaml").write_text((case / "case.yaml").read_text() + "markers: {idh: mutant}\n")
    assert oncotwin("calibrate", case, "--field", "gp", *flags).exit_code == 0
    assert seen == [markers]


def test_json_is_one_object_on_stdout_and_messages_stay_on_stderr(oncotwin, house, case):
    done = oncotwin("run", case, "--json")
    assert json.loads(done.stdout)["report"] == "results/report.html"
    assert "calibrate" in done.stderr


def test_quiet_says_only_where_the_result_is(oncotwin, house, case):
    done = oncotwin("run", case, "--quiet")
    assert done.stdout == "Report: results/report.html\n" and done.stderr == ""


def test_finished_work_is_not_repeated(oncotwin, house, case):
    oncotwin("run", case)
    house.calls.clear()
    again = oncotwin("run", case)
    assert again.exit_code == 0 and house.calls == ["report"]
    assert "holds this calibration already" in again.stderr


def test_another_seed_is_refused_until_overwrite(oncotwin, house, case, tmp_path):
    oncotwin("run", case, "--seed", 1)
    refused = oncotwin("run", case, "--seed", 2)
    assert refused.exit_code == 2
    assert "seed: 1 there, 2 now" in refused.stderr and "--overwrite" in refused.stderr
    house.calls.clear()
    assert oncotwin("run", case, "--seed", 2, "--overwrite").exit_code == 0
    assert house.calls == ["load_case", "calibrate", "scenarios", "report"]


def test_a_step_from_a_twin_takes_its_seed_unless_another_is_given(oncotwin, house, case):
    oncotwin("run", case, "--seed", 7)
    again = oncotwin("scenarios", "results")
    assert again.exit_code == 0 and "holds this comparison already" in again.stderr
    assert oncotwin("scenarios", "results", "--out", "other", "--horizon", 200).exit_code == 0 and house.told["seed"] == 7
    assert oncotwin("scenarios", "results", "--out", "third", "--seed", 3).exit_code == 0 and house.told["seed"] == 3


@pytest.mark.parametrize("command", ["scenarios", "whatif", "optimise", "sensitivity", "update"])
def test_every_command_that_starts_from_a_twin_has_no_seed_of_its_own(command):
    function = next(function for name, function, _ in COMMANDS if name == command)
    assert inspect.signature(function).parameters["seed"].default is None


def test_a_changed_image_is_noticed(oncotwin, house, case):
    oncotwin("calibrate", case)
    (case / "adc.nii.gz").write_bytes(b"another image")
    refused = oncotwin("calibrate", case)
    assert refused.exit_code == 2 and "adc.nii.gz" in refused.stderr


def test_a_new_calibration_makes_the_old_comparison_stale(oncotwin, house, case):
    oncotwin("run", case)
    oncotwin("calibrate", case, "--draws", 60, "--overwrite")
    refused = oncotwin("scenarios", "results")
    assert refused.exit_code == 2 and "posterior.zarr" in refused.stderr


def test_a_store_without_a_manifest_is_not_written_over(oncotwin, house, case, tmp_path):
    (tmp_path / "results").mkdir()
    (tmp_path / "results/search.journal").write_text("somebody's")
    refused = oncotwin("calibrate", case)
    assert refused.exit_code == 2 and (tmp_path / "results/search.journal").read_text() == "somebody's"


def test_a_run_that_was_refused_leaves_the_folder_free(oncotwin, house, case, tmp_path):
    house.raised["load_case"] = DataRefused("The scan is empty.")
    assert oncotwin("calibrate", case).exit_code == 3
    house.raised.clear()
    assert oncotwin("calibrate", case, "--seed", 9).exit_code == 0


def test_ctrl_c_says_what_is_kept_and_the_next_run_goes_on(oncotwin, house, case, tmp_path):
    house.raised["calibrate"] = KeyboardInterrupt()
    stopped = oncotwin("calibrate", case)
    assert stopped.exit_code == 130
    assert "kept in results" in stopped.stderr and "run the same command again" in stopped.stderr
    house.raised.clear()
    assert oncotwin("calibrate", case).exit_code == 0
    assert (tmp_path / "results/search.journal").exists()


def test_scenarios_into_another_folder_brings_what_it_needs(oncotwin, house, case, tmp_path):
    oncotwin("calibrate", case)
    done = oncotwin("scenarios", "results", "--out", "other", "--horizon", 200)
    assert done.exit_code == 0, done.output
    assert house.told["horizon_day"] == 200
    assert (tmp_path / "other/posterior.zarr").is_dir() and not (tmp_path / "results/scenarios.json").exists()


def test_failed_runs_are_named_and_end_with_4(oncotwin, house, case):
    house.comparison["failed"] = [{"arm": "escalated", "draw": 3, "reason": "blew up"}]
    done = oncotwin("run", case)
    assert done.exit_code == 4
    assert "arm escalated, draw 3: blew up" in done.stderr and done.stdout.splitlines()[-1].startswith("Report:")


def test_demo_writes_a_patient_folder_and_runs_on_it(oncotwin, house, tmp_path):
    done = oncotwin("demo", "--spacing", 2)
    assert done.exit_code == 0, done.output
    assert house.calls == ["embedded", "write_case", "load_case", "calibrate", "scenarios", "report"]
    assert house.told["spacing_mm"] == 2 and (tmp_path / "demo/patient/case.yaml").exists()
    assert done.stdout.splitlines()[-1] == "Report: demo/report.html"
    house.calls.clear()
    assert oncotwin("demo", "--spacing", 2).exit_code == 0 and house.calls == ["report"]


@pytest.mark.parametrize("command", ["scenarios", "report"])
def test_a_step_without_the_step_before_is_refused(oncotwin, tmp_path, command):
    done = oncotwin(command, tmp_path)
    assert done.exit_code == 3
    assert "is not there" in done.stderr and "remedy" in done.stderr


def test_refused_data_is_told_in_words_and_json(oncotwin, house, case):
    house.raised["load_case"] = DataRefused(
        "The scan is empty.", where="visit 2", why="nothing to fit", remedy="send it again"
    )
    done = oncotwin("calibrate", case, "--json")
    assert done.exit_code == 3 and "Traceback" not in done.output
    told = json.loads(done.stdout)
    assert told["exit_code"] == 3
    assert told["error"] == {
        "what": "The scan is empty.",
        "where": "visit 2",
        "why": "nothing to fit",
        "remedy": "send it again",
    }


def test_the_unexpected_is_one_clear_line_and_a_traceback_only_on_debug(oncotwin, house, case):
    house.raised["load_case"] = ZeroDivisionError("by zero")
    done = oncotwin("calibrate", case)
    assert done.exit_code == 1 and "Traceback" not in done.stderr
    assert "ZeroDivisionError: by zero" in done.stderr and "--debug" in done.stderr
    assert "Traceback" in oncotwin("calibrate", case, "--debug").stderr


def test_out_that_is_a_file_is_refused(oncotwin, house, case, tmp_path):
    (tmp_path / "taken").write_text("")
    assert oncotwin("calibrate", case, "--out", "taken").exit_code == 2


def test_a_missing_library_names_the_remedy(oncotwin, house, case):
    house.raised["load_case"] = ModuleNotFoundError("no", name="SimpleITK")
    done = oncotwin("calibrate", case)
    assert done.exit_code == 1 and "oncotwin[all]" in done.stderr


def test_markers_of_the_case_move_priors_unless_left_aside(oncotwin, house, case):
    written = case / "case.yaml"
    written.write_text(written.read_text() + "markers: {idh: mutant}\n")
    assert oncotwin("calibrate", case).exit_code == 0
    assert house.told["structure"].markers == {"idh": "mutant"}
    assert oncotwin("calibrate", case, "--no-markers", "--overwrite").exit_code == 0
    assert house.told["structure"].markers == {}
