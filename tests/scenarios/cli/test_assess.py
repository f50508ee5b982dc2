"""``oncotwin assess`` and what it can be asked about."""

from __future__ import annotations

import json


def test_a_table_is_assessed(oncotwin, tmp_path):
    (tmp_path / "visits.csv").write_text("day,sum_of_diameters_mm\n0,100\n56,60\n112,72\n")
    told = oncotwin("assess", "visits.csv", "--out", "kept")
    assert told.exit_code == 0 and "PR (not confirmed)" in told.stdout and "+20 %" in told.stdout
    assert "Research use only" in told.stdout
    kept = json.loads((tmp_path / "kept" / "assess.json").read_text())
    assert [v["category"] for v in kept["visits"]] == ["baseline", "PR", "PD"]
    assert "visits.csv" in json.loads((tmp_path / "kept" / "manifest-assess.json").read_text())["inputs_sha256"]


def test_a_table_in_another_measure_is_refused(oncotwin, tmp_path):
    (tmp_path / "visits.csv").write_text("day,volume_ml\n0,100\n")
    told = oncotwin("assess", "visits.csv", "--criteria", "recist-1.1")
    assert told.exit_code == 3 and "sum_of_diameters_mm" in told.stderr


def test_endpoints_criteria_and_organs_are_listed(oncotwin):
    for kind, words in (("endpoints", "tumour-control"), ("criteria", "mrano-volume"), ("organs", "brainstem")):
        told = oncotwin("list", kind)
        assert told.exit_code == 0 and words in told.stdout
