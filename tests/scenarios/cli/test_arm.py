"""Arms by name, for the commands that look at one."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from scenarios.cli.arm import named_arm
from tests.scenarios.conftest import small_patient
from twin.errors import DataRefused, UsageError
from twin.store import save_text


def test_an_arm_by_name(tmp_path):
    twin = SimpleNamespace(patient=small_patient())
    assert named_arm(twin, None, None) is None
    assert named_arm(twin, "delayed", None).id == "delayed"
    study = save_text(tmp_path / "s.yaml", "arms:\n  - {id: a, same_as: none}\n  - {id: b, same_as: as scheduled}\n")
    assert named_arm(twin, "b", study).plan_after.fractions()
    with pytest.raises(UsageError, match="several arms"):
        named_arm(twin, None, study)
    with pytest.raises(DataRefused, match="delayed"):
        named_arm(twin, "delay", None)
