"""Untrusted work in a process of its own: its limits hold, what it answers comes back, and it never answers in pickle."""

from __future__ import annotations

import os
import signal
import time

import numpy as np
import pytest

from twin.imaging.sandbox import Failed, guarded, peak_mb


def echo(word: str) -> tuple[np.ndarray, dict[str, str]]:
    return np.arange(6.0).reshape(2, 3), {"word": word}


def sleep(_: str) -> tuple[None, None]:
    time.sleep(60)
    return None, None


def crash(_: str) -> tuple[None, None]:
    os.kill(os.getpid(), signal.SIGSEGV)
    return None, None


def hoard(_: str) -> tuple[np.ndarray, None]:
    return np.ones(1 << 30), None


def objects(_: str) -> tuple[np.ndarray, None]:
    return np.array([{}, object()]), None


def end_parent(_: str) -> tuple[None, None]:
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(1)
    return None, None


def test_array_and_facts_come_back():
    values, facts = guarded(echo, "brain \u00e9\n")
    assert np.array_equal(values, echo("")[0]) and facts == {"word": "brain \u00e9\n"} and peak_mb() > 0


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (crash, "the reader crashed"),
        (hoard, "the reader gave up on it"),
        (objects, "the reader gave up on it"),
        (sleep, "no answer within 0.2 s"),
        (end_parent, "the reader crashed"),
    ],
)
def test_what_goes_wrong_is_said_and_the_next_call_works(function, words):
    with pytest.raises(Failed, match=words):
        guarded(function, "", seconds=0.2 if function is sleep else 30.0)
    assert guarded(echo, "after")[1] == {"word": "after"}


def test_a_forked_process_has_a_nursery_of_its_own():
    guarded(echo, "ours")
    reading, writing = os.pipe()
    if os.fork() == 0:
        os.write(writing, guarded(echo, "theirs")[1]["word"].encode())
        os._exit(0)
    os.wait()
    assert os.read(reading, 100) == b"theirs" and guarded(echo, "ours again")[1] == {"word": "ours again"}
