"""``oncotwin fuzz`` shows damaged files to the readers, from any number on, and fails on a finding."""

from __future__ import annotations

import json

from twin.imaging import fuzz


def test_a_few_damaged_plans_and_a_misspelt_kind(oncotwin):
    done = oncotwin("fuzz", "rtplan", "--count", 5, "--from", 3, "--json")
    assert done.exit_code == 0, done.output
    (kind,) = json.loads(done.stdout)["kinds"]
    assert kind["target"] == "rtplan" and kind["read"] + kind["refused"] == 5 and kind["findings"] == []
    done = oncotwin("fuzz", "rtplans")
    assert done.exit_code == 2 and "Did you mean 'rtplan'?" in done.stderr


def test_a_finding_fails_the_command(oncotwin, monkeypatch):
    monkeypatch.setattr(fuzz, "fuzz", lambda name, *_, **__: fuzz.Outcome(name, findings=[(7, "ZeroDivisionError")]))
    done = oncotwin("fuzz", "seg")
    assert done.exit_code == 1 and "number 7: ZeroDivisionError" in done.output


def test_a_kept_table_goes_on_where_it_stopped(oncotwin, tmp_path, monkeypatch):
    shown = []
    monkeypatch.setattr(fuzz, "fuzz", lambda name, *_, **__: shown.append(name) or fuzz.Outcome(name, read=4))
    for kinds in (["seg"], ["seg", "rtplan"]):
        assert oncotwin("fuzz", *kinds, "--count", 4, "--out", tmp_path / "kept").exit_code == 0
    assert shown == ["seg", "rtplan"]
    page = (tmp_path / "kept" / "damaged-files.md").read_text()
    assert "| seg | 4 | 0 | 4 | 0 |" in page and "| rtplan | 4 |" in page and "Research use only" in page
