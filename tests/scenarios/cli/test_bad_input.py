"""What a person may hand to `oncotwin calibrate` by mistake, at the command line: clear words, exit code, nothing lost."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.calibration.phantom import phantom
from twin.case import write_case
from twin.errors import SolverError
from twin.hold import held
from twin.patient import Patient, Visit

QUICK = ("--evaluations", 16, "--draws", 12)


def other(visit: Visit, change, **more) -> Visit:
    return replace(visit, regions={n: change(r) for n, r in visit.regions.items()}, **more)


def moved(region: np.ndarray) -> np.ndarray:
    out = np.zeros_like(region)
    out[9:15, 9:15, 0:4] = True
    return out


@pytest.fixture
def written(tmp_path):
    def write(*visits: Visit) -> Path:
        """The case of a patient with these visits."""
        write_case(Patient(**{**vars(phantom().patient), "visits": visits}), tmp_path / "patient")
        return tmp_path / "patient"

    return write


def test_one_visit_is_refused_and_the_prior_predictive_offered(oncotwin, written):
    case = written(phantom().patient.visits[0])
    refused = oncotwin("calibrate", case)
    assert (
        refused.exit_code == 3 and "cannot be learnt from one visit" in refused.stderr and "--from-prior" in refused.stderr
    )
    done = oncotwin("calibrate", case, *QUICK, "--from-prior", "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert "draws of the prior" in told["sentences"][0]


def test_visits_that_contradict_each_other_are_refused(oncotwin, written):
    first, second, _ = phantom().patient.visits
    refused = oncotwin("calibrate", written(first, other(second, moved)))
    assert refused.exit_code == 3 and "do not touch each other" in refused.stderr
    assert "hold a doubtful one out" in refused.stderr and not Path("results/calibration.json").exists()


def test_a_lesion_that_vanishes_and_a_number_at_its_bound_are_said_there_and_in_the_report(oncotwin, written):
    first, second, _ = phantom().patient.visits
    gone = other(second, np.zeros_like, images={})
    done = oncotwin("calibrate", written(first, gone), *QUICK)
    assert done.exit_code == 0, done.output
    sentences = (
        "Note: On 'second' (day 20) no lesion is segmented",
        "Note: diffusivity (D) is at the highest admissible value",
    )
    assert all(sentence in done.stdout for sentence in sentences)
    assert oncotwin("report", "results").exit_code == 0
    doubts = Path("results/report.html").read_text().split('id="doubts"')[1].split("</section>")[0]
    assert "day 20) no lesion is segmented" in doubts and "diffusivity (D) is at the highest admissible value" in doubts


def test_all_candidates_failed_is_said_and_what_was_tried_is_kept(oncotwin, written, monkeypatch):
    def broken(*_):
        raise SolverError("The numbers left their range.")

    monkeypatch.setattr("calibration.objective.solve", broken)
    failed = oncotwin("calibrate", written(*phantom().patient.visits), *QUICK)
    assert failed.exit_code == 1 and "No candidate could be computed" in failed.stderr
    assert "oncotwin simulate" in failed.stderr and Path("results/search.journal").stat().st_size > 0


def test_a_journal_that_another_process_holds_is_refused_and_left_alone(oncotwin, written):
    case, journal = written(*phantom().patient.visits), Path("results/search.journal")
    assert oncotwin("calibrate", case, *QUICK).exit_code == 0
    Path("results/calibration.json").unlink()
    before = journal.read_bytes()
    with held(journal, "this journal", "a test"):
        refused = oncotwin("calibrate", case, *QUICK)
    assert refused.exit_code == 3 and "Another process is using this journal" in refused.stderr
    assert "wait until it ends" in refused.stderr and journal.read_bytes() == before
    assert oncotwin("calibrate", case, *QUICK).exit_code == 0
    assert journal.read_bytes().startswith(before) and len(journal.read_bytes()) - len(before) < 200, "no candidate anew"
