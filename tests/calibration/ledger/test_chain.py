"""The ledger's promise: what was written is still there, byte for byte, or the record that is not is named."""

from __future__ import annotations

import subprocess
import sys

import pytest

from calibration.ledger.chain import HEAD, LEDGER, Ledger
from twin.errors import DataRefused

CONTENTS = (
    ("forecast", {"decision_day": 42.0, "forecast": [{"day": 90.0, "volume_ml": [1.5, 2.0]}], "model": "fisher-kpp"}),
    ("note", {"role": "neuro-oncologist", "text": "steroids were reduced – the oedema may grow"}),
    ("score", {"day": 90.0, "crps_ml": 0.25, "inside": {"90": True}}),
)


@pytest.fixture
def ledger(tmp_path) -> Ledger:
    ledger = Ledger(tmp_path)
    for kind, content in CONTENTS:
        ledger.append(kind, content, made="2026-01-05T10:00:00+00:00")
    return ledger


def test_what_is_appended_comes_back(ledger):
    assert [(r.kind, r.content) for r in ledger.records()] == [(k, c) for k, c in CONTENTS]
    assert [r.number for r in ledger.records()] == [1, 2, 3]


def test_every_single_changed_byte_is_found_in_its_record(ledger):
    whole = ledger.path.read_bytes()
    ends = [i for i, b in enumerate(whole) if b == ord("\n")]
    for place in range(len(whole)):
        changed = bytearray(whole)
        changed[place] ^= 0x01
        ledger.path.write_bytes(bytes(changed))
        _, faults = ledger.read()
        number = 1 + sum(end < place for end in ends)
        assert any(f.startswith(f"record {number}:") for f in faults), (place, chr(whole[place]), faults)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (b"fisher-kpp", b"gompertz!!", "record 1: model differs from what was sealed"),
        (b"[1.5,2.0]", b"[1.5,2.1]", "record 1: forecast differs from what was sealed"),
        (b'"crps_ml":0.25', b'"crps_ml":0.15', "record 3: crps_ml differs from what was sealed"),
        (b"2026-01-05T10", b"2026-01-04T10", "record 1: its hash does not belong to its number, kind, date and seals"),
        (b'"number":2', b'"number":7', "record 2: its number is 7"),
        (b'"role":', b'"role": ', "record 2: its text is not as the ledger writes it"),
    ],
)
def test_a_change_is_named_by_record_and_part(ledger, old, new, said):
    ledger.path.write_bytes(ledger.path.read_bytes().replace(old, new, 1))
    assert said in ledger.read()[1]
    with pytest.raises(DataRefused, match="changed after it was written") as caught:
        ledger.append("note", {})
    assert said in caught.value.what and caught.value.remedy


def test_a_tail_cut_off_is_found(ledger):
    lines = ledger.path.read_bytes().splitlines(keepends=True)
    ledger.path.write_bytes(b"".join(lines[:1]))
    assert ledger.read()[1] == ["records 2 to 3 are missing at the end"]


def test_a_record_taken_out_or_moved_is_found(ledger):
    lines = ledger.path.read_bytes().splitlines(keepends=True)
    ledger.path.write_bytes(lines[0] + lines[2])
    assert "record 2: it does not follow the record before" in ledger.read()[1]
    ledger.path.write_bytes(lines[1] + lines[0] + lines[2])
    assert any(f.startswith("record 1:") for f in ledger.read()[1])


def test_a_changed_or_lost_head_is_found(ledger):
    head = ledger.folder / HEAD
    head.write_text(head.read_text().replace("3 ", "2 "))
    assert any(HEAD in f for f in ledger.read()[1])
    head.unlink()
    assert any(HEAD in f for f in ledger.read()[1])


def test_a_ledger_written_anew_is_found_by_a_hash_noted_elsewhere(ledger, tmp_path):
    noted = ledger.records()[1].hash
    ledger.check(noted[:12])
    other = Ledger(tmp_path / "other")
    for kind, content in CONTENTS:
        other.append(kind, {**content, "better": True}, made="2026-01-05T10:00:00+00:00")
    assert not other.read()[1]
    with pytest.raises(DataRefused, match="No record of the ledger has the hash"):
        other.check(noted)


def test_a_line_torn_by_a_dying_process_is_taken_off(ledger):
    with ledger.path.open("ab") as stream:
        stream.write(b'{"content":{"day":')
    assert len(ledger.records()) == 3
    assert ledger.append("note", {"text": "after"}).number == 4
    assert len(ledger.records()) == 4


def test_a_process_that_died_before_noting_the_head_loses_nothing(ledger):
    old = (ledger.folder / HEAD).read_text()
    ledger.append("note", {"text": "the last"})
    (ledger.folder / HEAD).write_text(old)
    assert len(ledger.records()) == 4
    ledger.append("note", {"text": "one more"})
    assert not ledger.read()[1]


def test_a_ledger_that_another_process_writes_is_refused(ledger):
    code = (
        "import fcntl, sys, time; s = open(sys.argv[1], 'ab'); fcntl.flock(s, 2); print('held', flush=True); time.sleep(30)"
    )
    run = [sys.executable, "-c", code, str(ledger.folder / LEDGER)]
    with subprocess.Popen(run, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout and other.stdout.readline()
        with pytest.raises(DataRefused, match="Another process is using this ledger") as caught:
            ledger.append("note", {})
        other.kill()
    assert "wait until it ends" in caught.value.remedy
    assert len(ledger.records()) == 3
