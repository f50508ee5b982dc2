"""The table: one row for each arm, draw, day and endpoint, in documented columns."""

from __future__ import annotations

import pytest

from scenarios import gather
from scenarios.compare import run_scenarios
from scenarios.study import study_from
from scenarios.tidy import COLUMNS

pyarrow = pytest.importorskip("pyarrow.parquet")


@pytest.mark.parametrize("block", [1000, 3])
def test_the_table_holds_what_the_dataset_holds(tmp_path, calibration, monkeypatch, block):
    monkeypatch.setattr(gather, "BLOCK", block)
    arms = [{"id": "none", "same_as": "none"}]
    sample = {
        "id": "s",
        "words": "{dose} Gy in 5 fractions from day 44",
        "vary": {"dose": {"values": [10, 20]}},
        "method": "grid",
    }
    study = study_from({"arms": arms, "samples": [sample], "horizon_day": 60, "scan_days": [50], "maps": False})
    data = run_scenarios(calibration, tmp_path, arms=study, processes=0).load()
    assert data.attrs["result_hash"] and "probability" not in data, "no maps were asked for"
    table = pyarrow.read_table(tmp_path / "scenarios.parquet")
    assert "Research use only" in table.schema.metadata[b"notice"].decode()
    assert all(table.schema.field(name).metadata[b"description"] for name in COLUMNS)
    rows = table.to_pandas()
    assert len(rows) == sum(v.size for v in data.data_vars.values())
    assert not rows.duplicated(["arm", "draw", "day", "endpoint", "organ"]).any()
    one = rows[(rows.arm == "s-002") & (rows.draw == 2) & (rows.day == 60) & (rows.endpoint == "volume_ml")]
    assert one.value.item() == data["volume_ml"].sel(arm="s-002", draw=2, t=60).item()
    assert (one.unit.item(), one.vary_dose.item()) == ("mL", 20.0)
    gained = rows[(rows.endpoint == "days_gained") & (rows.arm == "s-001")]
    assert gained.day.isna().all() and sorted(gained.value) == sorted(data["days_gained"].sel(arm="s-001").values)
