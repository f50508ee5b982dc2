"""Compiled code on disk: what is loaded is what was asked for, whoever else compiles at the same time."""

from __future__ import annotations

import importlib.util
import shutil
import sys

import numpy as np
import pytest

import solvers.compiled
from solvers.compiled import compiled

CALLER = """
from helper_text import helped
from solvers.compiled import compiled
@compiled
def caller(x):
    return helped(x)
"""
HELPER = "from numba import njit\nSCALE = {scale}\n@njit\ndef helped(x):\n    return SCALE * x\n"


def adder(step: float):
    def add(x):
        for i in range(x.size):
            x[i] += step

    return compiled(add)


def entries(function) -> list:
    return sorted(function._cache._cache_file._entries("*"))


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.setattr("numba.config.CACHE_DIR", str(tmp_path / "cache"))


def test_closures_of_one_text_have_entries_of_their_own():
    one, two, x = adder(1.0), adder(2.0), np.zeros(3)
    one(x)
    two(x)
    assert len(entries(one)) == 2 and x.tolist() == [3.0] * 3
    again = adder(2.0)
    again(x)
    assert sum(again.stats.cache_hits.values()) == 1 and x.tolist() == [5.0] * 3


@pytest.mark.parametrize("harm", ["another's", "cut short"])
def test_an_entry_that_is_not_what_it_should_be_is_compiled_anew(harm):
    """numba's cache would run the other's code: with arrays of another length, past their end."""
    one, two = adder(1.0), adder(2.0)
    one(np.zeros(3))
    first = entries(one)[0]
    two(np.zeros(3))
    second = next(e for e in entries(one) if e != first)
    if harm == "cut short":
        second.write_bytes(second.read_bytes()[:100])
    else:
        shutil.copy(first, second)
    again, x = adder(2.0), np.zeros(3)
    again(x)
    assert not again.stats.cache_hits and x.tolist() == [2.0] * 3


def test_a_change_of_what_was_compiled_in_compiles_anew(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    (tmp_path / "caller_text.py").write_text(CALLER)

    def caller(scale: float):
        solvers.compiled._text.cache_clear()
        (tmp_path / "helper_text.py").write_text(HELPER.format(scale=scale))
        for name in ("helper_text", "caller_text"):
            spec = importlib.util.spec_from_file_location(name, tmp_path / f"{name}.py")
            module = importlib.util.module_from_spec(spec)
            monkeypatch.setitem(sys.modules, name, module)
            spec.loader.exec_module(module)
        return module.caller

    assert caller(2.0)(3.0) == 6.0
    kept = caller(2.0)
    assert kept(3.0) == 6.0 and kept.stats.cache_hits
    assert caller(4.0)(3.0) == 12.0
