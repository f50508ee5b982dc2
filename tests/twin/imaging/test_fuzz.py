"""The quick form of the fuzz command: damaged files are refused in words or read sanely; the watcher itself sees faults."""

from __future__ import annotations

import os
import signal
import time

import numpy as np
import pytest

from twin.errors import DataRefused
from twin.grid import Grid
from twin.imaging import fuzz
from twin.imaging.fuzz_targets import TARGETS, Target
from twin.imaging.read import read_image

COUNT = 100


@pytest.mark.parametrize("name", TARGETS)
def test_damaged_files_are_refused_or_read_sanely(name):
    outcome = fuzz.fuzz(name, COUNT, seed=7)
    assert not outcome.findings, str(outcome)
    assert outcome.count == COUNT and outcome.refused > 0


def test_a_file_that_crashes_the_compiled_reader_is_refused(tmp_path):
    """Found by this fuzzer: ITK's MetaImage reader dies on it; in a process of its own that is a refusal."""
    (tmp_path / "x.mha").write_bytes(fuzz.damaged(TARGETS["metaimage"], 7, 71))
    with pytest.raises(DataRefused):
        read_image(tmp_path / "x.mha")


def test_a_damaged_count_of_frames_of_a_dose_is_no_traceback(tmp_path):
    """Found by this fuzzer: the header's value representation is nonsense, which the reader's own code tripped over."""
    (tmp_path / "x.dcm").write_bytes(fuzz.damaged(TARGETS["rtdose"], 0, 4147))
    assert TARGETS["rtdose"].judge(tmp_path / "x.dcm")[0] != "broken"


def test_a_damaged_file_is_the_same_every_time():
    target = TARGETS["rtplan"]
    assert fuzz.damaged(target, 1, 5) == fuzz.damaged(target, 1, 5) != fuzz.damaged(target, 1, 6)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (lambda path: [np.array([1.0, np.nan])], "values that are not finite"),
        (lambda path: 1 / 0, "ZeroDivisionError"),
        (lambda path: [Grid((2, 2, 2), (1e308, 1e308, 1e308), (1e308, 0, 0))], "geometry that is not finite"),
    ],
)
@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")
def test_what_is_accepted_wrongly_is_a_finding(tmp_path, found, words):
    kind, said = Target(lambda: b"", ".x", found).judge(tmp_path / "x")
    assert kind == "broken" and words in said


def test_a_refusal_is_none(tmp_path):
    def refusing(path):
        raise DataRefused("no")

    assert Target(lambda: b"", ".x", refusing).judge(tmp_path / "x") == ("refused", "no")


def test_a_hang_is_seen_and_the_next_file_is_read(monkeypatch):
    monkeypatch.setitem(TARGETS, "rtplan", TARGETS["rtplan"])
    with fuzz._Reader("rtplan") as reader:
        start = time.monotonic()
        os.kill(reader.child.pid, signal.SIGSTOP)
        verdict = reader.show(TARGETS["rtplan"].seed(), 0.2)
        assert verdict["kind"] == "broken" and "no answer" in verdict["words"]
        assert reader.show(TARGETS["rtplan"].seed(), 5.0)["kind"] == "read"
        assert time.monotonic() - start < 60
