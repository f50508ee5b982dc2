"""The quick form of ``oncotwin validate registration``: one rigid motion of the embedded patient at 4 mm."""

from __future__ import annotations

from calibration.studies.registration import BARS_MM, VOLUME_PERCENT, Registration, measured
from calibration.study import studies
from calibration.virtual.embedded import embedded_patient


def test_a_moved_follow_up_comes_back_with_its_tumour():
    row = measured(embedded_patient(spacing_mm=4).patient, 4, "rigid", 1)
    assert row["moved_mm"] > 5 and row["landmark_mm"] < BARS_MM["rigid"]
    assert abs(row["volume_percent"]) < VOLUME_PERCENT and row["miss_mm"] < 1e-6
    page = Registration().page([{"case": "rigid 4 1", **row}, {"case": "deformable 1 0", "failed": "words"}])
    assert not page.met and sum(bool(c.bar) and not c.met for c in page.checks) == 3
    assert studies["registration"] is Registration
