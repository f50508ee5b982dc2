from __future__ import annotations

import subprocess

import pytest

from twin.visual import probe


@pytest.fixture(autouse=True)
def _forget():
    probe.can_render.cache_clear()
    yield
    probe.can_render.cache_clear()


@pytest.mark.parametrize("status", [-11, 139, 1, 9, None])
def test_a_machine_that_cannot_render_is_told_what_to_install_in_one_line(monkeypatch, status):
    monkeypatch.setattr(probe, "_try_scene", lambda: status)
    able, words = probe.can_render()
    assert not able and "apt-get install -y libegl1 libgl1-mesa-dri" in words and "\n" not in words


def test_the_answer_is_asked_for_once(monkeypatch):
    asked = []
    monkeypatch.setattr(probe, "_try_scene", lambda: asked.append(1) or 0)
    assert probe.can_render()[0] and probe.can_render()[0] and len(asked) == 1


def test_it_can_be_switched_off(monkeypatch):
    monkeypatch.setenv("ONCOTWIN_NO_3D", "1")
    monkeypatch.setattr(probe, "_try_scene", lambda: pytest.fail("asked although switched off"))
    assert not probe.can_render()[0]


def test_a_probe_that_never_ends_is_no(monkeypatch):
    def hang(*_, **options):
        raise subprocess.TimeoutExpired("python", options["timeout"])

    monkeypatch.setattr(subprocess, "run", hang)
    assert "did not finish" in probe.can_render()[1]


def test_a_crash_of_the_probe_does_not_reach_this_process(monkeypatch):
    monkeypatch.setattr(probe, "_SCENE", "import os; os.kill(os.getpid(), 11)")
    assert probe._try_scene() == -11
