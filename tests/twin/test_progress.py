"""Progress tells how far it is and how long it will take."""

from __future__ import annotations

import sys

from twin.progress import SILENT, Bar, Lines, default, stage


def test_lines_tell_the_time_to_go(capsys, monkeypatch):
    clock = iter([0.0, 5.0, 20.0, 21.0, 40.0])
    monkeypatch.setattr("twin.progress.time.monotonic", lambda: next(clock))
    with stage(Lines(every_s=10.0), "search", 4) as bar:
        bar.advance()
        bar.advance(note="best 0.9")
        bar.advance()
    assert capsys.readouterr().err.splitlines() == [
        "search ...",
        "search: 2/4, 20 s, about 20 s to go  best 0.9",
        "search: 40.0 s",
    ]


def test_a_stage_ends_whatever_happens(capsys):
    lines = Lines()
    try:
        with stage(lines, "search", 2):
            raise ZeroDivisionError
    except ZeroDivisionError:
        lines.advance()
    assert len(capsys.readouterr().err.splitlines()) == 2


def test_a_finished_bar_is_not_drawn_again(capsys):
    bar = Bar()
    for title in ("one", "two"):
        with stage(bar, title, 1):
            bar.advance(note="fine")
    assert capsys.readouterr().err.count("one") == 1


def test_a_bar_on_a_terminal_lines_in_a_log_nothing_when_quiet(monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert isinstance(default(), Bar) and default(quiet=True) is SILENT
    monkeypatch.setattr(sys.stderr, "isatty", lambda: False, raising=False)
    assert isinstance(default(), Lines)
