"""The search: reproducible, resumable, and honest about failures."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from calibration.journal import open_study
from calibration.objective import FAILED
from calibration.search import search
from calibration.space import Space
from tests.calibration.test_space import FLAT, LINEAR, LOG
from twin.errors import DataRefused, SolverError, UsageError

SPACE = Space((LOG, LINEAR, FLAT))
TARGET = np.array([0.7, -0.4, 1.2])
ROOT = Path(__file__).resolve().parents[2]


def bowl(function, points):
    return (float(((z - TARGET) ** 2).sum()) for z in points)


def found(folder: Path, evaluate=bowl, **options):
    return search(SPACE, evaluate, folder / "search.journal", "study", **{"evaluations": 64, "seed": 3, **options})


@pytest.mark.parametrize("sampler", ["tpe", "cma-es"])
def test_the_minimum_is_approached_and_the_seed_decides(tmp_path, sampler):
    first = found(tmp_path / "a", sampler=sampler)
    again = found(tmp_path / "b", sampler=sampler)
    other = found(tmp_path / "c", sampler=sampler, seed=4)
    assert first.objective < 0.5
    assert first.evaluations == 64
    assert np.array_equal(first.z, again.z)
    assert not np.array_equal(first.z, other.z)


def test_the_first_candidate_is_the_prior_median(tmp_path):
    seen = []

    def remember(function, points):
        points = list(points)
        seen.extend(points)
        return bowl(function, points)

    found(tmp_path, remember, evaluations=8)
    assert np.allclose(seen[0][:2], 0.0, atol=0.6)
    assert SPACE.values(seen[0])["a"] == pytest.approx(0.1, rel=0.05)


def test_going_on_gives_what_an_undisturbed_run_gives(tmp_path):
    whole = found(tmp_path / "whole")
    found(tmp_path / "parts", evaluations=24)
    calls = []

    def counted(function, points):
        points = list(points)
        calls.extend(points)
        return bowl(function, points)

    resumed = found(tmp_path / "parts", counted)
    assert np.array_equal(whole.z, resumed.z)
    assert len(calls) == 40


def test_failed_candidates_are_counted_and_avoided(tmp_path):
    def partly(function, points):
        return (FAILED if z[0] > 0.5 else float(((z - TARGET) ** 2).sum()) for z in points)

    result = found(tmp_path, partly)
    assert result.failed > 0
    assert result.evaluations + result.failed == 64
    assert result.z[0] <= 0.5


def test_all_failed_is_an_error_with_a_remedy(tmp_path):
    with pytest.raises(SolverError, match="No candidate could be computed") as caught:
        found(tmp_path, lambda function, points: (FAILED for _ in points), evaluations=8)
    assert "oncotwin simulate" in caught.value.remedy


def test_a_misspelt_sampler_names_the_nearest(tmp_path):
    with pytest.raises(UsageError, match="Did you mean 'tpe'"):
        found(tmp_path, sampler="tpee")


def test_a_broken_journal_is_refused_in_words(tmp_path):
    (tmp_path / "search.journal").write_text("this is no journal\n" * 3)
    with pytest.raises(DataRefused, match="journal cannot be read"):
        found(tmp_path)


SLOW = """
import sys, time
from pathlib import Path
from tests.calibration.test_search import bowl, found
def slow(function, points):
    for value in bowl(function, points):
        time.sleep(0.05)
        yield value
found(Path(sys.argv[1]), slow, evaluations=64)
"""


def test_killed_and_run_again_it_goes_on_and_ends_the_same(tmp_path):
    whole = found(tmp_path / "whole")
    folder = tmp_path / "killed"
    folder.mkdir()
    script = tmp_path / "slow.py"
    script.write_text(SLOW)
    process = subprocess.Popen([sys.executable, str(script), str(folder)], env={**os.environ, "PYTHONPATH": str(ROOT)})
    journal = folder / "search.journal"
    deadline = time.monotonic() + 60
    while done(journal) < 10 and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = done(journal)
    assert 10 <= before < 64
    calls = []

    def counted(function, points):
        points = list(points)
        calls.extend(points)
        return bowl(function, points)

    resumed = found(folder, counted)
    assert np.array_equal(whole.z, resumed.z)
    assert len(calls) <= 64 - before
    assert states(folder) == {"COMPLETE": 64}


def done(journal: Path) -> int:
    """Finished trials by the journal's own lines (operation 6 sets a trial's state and values)."""
    if not journal.exists():
        return 0
    lines = journal.read_text().splitlines()
    records = [json.loads(line) for line in lines if line.endswith("}")]
    return sum(r.get("op_code") == 6 and r.get("values") is not None for r in records)


def states(folder: Path) -> dict[str, int]:
    from collections import Counter

    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    study = optuna.load_study(study_name="study", storage=JournalStorage(JournalFileBackend(str(folder / "search.journal"))))
    return dict(Counter(t.state.name for t in study.trials))


def test_a_journal_in_use_is_refused(tmp_path):
    with open_study(tmp_path / "search.journal", "study"), pytest.raises(DataRefused, match="Another process"):
        found(tmp_path, evaluations=8)


def test_a_torn_last_line_is_taken_off(tmp_path):
    whole = found(tmp_path / "whole")
    found(tmp_path / "torn", evaluations=32)
    with (tmp_path / "torn" / "search.journal").open("ab") as stream:
        stream.write(b'{"op_code":6,"wor')
    assert np.array_equal(found(tmp_path / "torn").z, whole.z)


def test_optuna_itself_reads_the_journal(tmp_path):
    found(tmp_path, evaluations=8)
    assert states(tmp_path) == {"COMPLETE": 8}


@pytest.mark.parametrize("number", [1, 20, 40])
@pytest.mark.parametrize("proposed", [0, 1])
def test_a_candidate_cut_off_before_it_had_all_its_values_is_completed(tmp_path, number, proposed):
    """Killed between two lines of the journal: after a candidate was made (operation 4), or with one of its values (5)."""
    whole = found(tmp_path / "whole")
    lines = (tmp_path / "whole/search.journal").read_text().splitlines(keepends=True)
    made = [k for k, line in enumerate(lines) if json.loads(line)["op_code"] == 4][number]
    values = [k for k, line in enumerate(lines) if k > made and json.loads(line)["op_code"] == 5]
    end = values[0] + 1 if proposed else made + 1
    (tmp_path / "cut").mkdir()
    (tmp_path / "cut/search.journal").write_text("".join(lines[:end]))
    resumed = found(tmp_path / "cut")
    assert np.array_equal(whole.z, resumed.z) and whole.objective == resumed.objective
