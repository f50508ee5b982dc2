"""The ledger's command: what it shows, adds and refuses."""

from __future__ import annotations

import json

import pytest

from calibration.ledger.chain import Ledger


@pytest.fixture
def results(tmp_path):
    """A ledger with one forecast in it."""
    made = {
        "command": "calibrate", "model": "fisher-kpp", "decision_day": 0.0, "last_volume_ml": 10.0, "last_burden_ml": None,
        "days": [0.0, 50.0], "volume_ml": [[10.0, 10.0, 10.0], [12.0, 14.0, 16.0]], "posterior": {},
    }  # fmt: skip
    Ledger(tmp_path / "results").append("forecast", made)
    return tmp_path / "results"


def test_remarks_and_expectations_are_kept_by_role(oncotwin, results):
    assert oncotwin("ledger", "case", "--role", "radiologist", "--note", "treatment effect?").exit_code == 0
    expects = ("--role", "surgeon", "--expect", 20, "--on-day", 50)
    done = oncotwin("ledger", "case", *expects)
    assert done.exit_code == 0, done.output
    assert "radiologist: treatment effect?" in done.stdout and "surgeon, expects 20 mL on day 50" in done.stdout
    told = json.loads(oncotwin("ledger", results, "--json").stdout)
    assert told["records"] == 3 and told["summary"] == {"scored": 0}


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (("--expect", 20), 2, "--expect and --on-day belong together"),
        (("--note", "hm"), 2, "needs a role and a text"),
        (("--note", "hm", "--role", "Dr Smith"), 2, "'Dr Smith' is no role"),
        (("--head", "abcdef"), 3, "No record of the ledger has the hash abcdef"),
        (("--out", "elsewhere"), 3, "There is no ledger in elsewhere"),
    ],
)
def test_what_is_refused(oncotwin, results, options, code, words):
    done = oncotwin("ledger", "case", *options)
    assert done.exit_code == code and words in done.stderr


def test_update_without_a_calibration_is_refused(oncotwin, case):
    done = oncotwin("update", case)
    assert done.exit_code == 3 and "calibration.json is not there" in done.stderr
