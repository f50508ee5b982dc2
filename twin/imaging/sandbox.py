"""A function in a process of its own, with limits on time and memory, for readers that may hang or crash on hostile files.

ITK's readers are deaf to signals on some 1.4 kB NIfTI files, and decoders of compressed pixels are C code. A nursery (one
process with the libraries loaded, which never reads data) makes a new process by fork for each call: milliseconds
instead of the second that an interpreter needs to start. Calls and answers cross as JSON and .npy without pickle.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

SECONDS = 60.0
START_SECONDS = 120.0
MEMORY_BYTES = 3 << 30
ENVIRONMENT = {"ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS": "1", "OMP_NUM_THREADS": "1"}


class Failed(Exception):
    """The guarded function did not come back with a value; the words say how (never the reader's own message)."""


def guarded(
    function: Callable[..., tuple[np.ndarray | None, Any]],
    *arguments: str,
    seconds: float = SECONDS,
    memory: int = MEMORY_BYTES,
) -> tuple[np.ndarray | None, Any]:
    """``function(*arguments)`` in a process of its own; raises :class:`Failed` on crash, error or time-out.

    ``function`` must be importable by name; it returns an array (or None) and facts that JSON can say.
    """
    with tempfile.TemporaryDirectory(prefix="oncotwin-") as folder:
        call = [folder, function.__module__, function.__name__, list(arguments), memory, int(seconds) + 2]
        code = _nursery().run(call, seconds)
        values, facts = Path(folder, "values.npy"), Path(folder, "facts.json")
        if code != 0 or not facts.exists():
            raise Failed("the reader crashed" if code < 0 else "the reader gave up on it")
        found = np.load(values, allow_pickle=False) if values.exists() else None
        return found, json.loads(facts.read_bytes())


class _Nursery:
    """Our end of the process that makes processes: a call goes in as a line; out come a process number, then an exit
    code and how much memory was held (kB; the most of all calls is ``peak_mb``)."""

    peak_mb = 0.0

    def __init__(self) -> None:
        self.owner, self.turn = os.getpid(), threading.Lock()
        self.process = subprocess.Popen(
            [sys.executable, "-c", "from twin.imaging.sandbox import serve; serve()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            env={**os.environ, **ENVIRONMENT, "PYTHONPATH": os.pathsep.join(p or os.getcwd() for p in sys.path)},
            start_new_session=True,
        )

    @property
    def usable(self) -> bool:
        return self.owner == os.getpid() and self.process.poll() is None

    def run(self, call: list[Any], seconds: float) -> int:
        """The exit code of the call; minus the signal if one ended it."""
        with self.turn:
            try:
                self._send(json.dumps(call))
                child = self._answer(START_SECONDS)
                if found := self._answer(seconds):
                    self.peak_mb = max(self.peak_mb, found[1] / 1024)
                    return found[0]
                os.kill(child[0], signal.SIGKILL)
                self._answer(START_SECONDS)
            except (OSError, ValueError, IndexError):
                self.close()
                raise Failed("the reader crashed") from None
        raise Failed(f"no answer within {seconds:g} s")

    def _send(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def _answer(self, seconds: float) -> list[int]:
        """The numbers of the next line; none if there is no line in time."""
        assert self.process.stdout is not None
        if not select.select([self.process.stdout], [], [], seconds)[0]:
            return []
        line = self.process.stdout.readline()
        if not line:
            raise ConnectionResetError
        return [int(word) for word in line.split()]

    def close(self) -> None:
        if self.owner == os.getpid():
            self.process.kill()
            self.process.wait()


_started: list[_Nursery] = []
_starting = threading.Lock()


def _nursery() -> _Nursery:
    """The nursery of this process; another one after a fork, or where it was ended."""
    with _starting:
        if not _started or not _started[0].usable:
            _started[:] = [_Nursery()]
            atexit.register(_started[0].close)
        return _started[0]


def peak_mb() -> float:
    """The most memory that a guarded call has held so far, MB."""
    return max((nursery.peak_mb for nursery in _started), default=0.0)


def serve() -> None:
    """The nursery: one fork per line, until there are no more."""
    import importlib

    import SimpleITK  # noqa: F401  loaded once for all children

    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)
    for line in sys.stdin.buffer:
        folder, module, name, arguments, memory, seconds = json.loads(line)
        function = getattr(importlib.import_module(module), name)
        child = os.fork()
        if child == 0:
            answers.close()
            _run(Path(folder), function, arguments, memory, seconds)
        answers.write(b"%d\n" % child)
        _, status, used = os.wait4(child, 0)
        answers.write(b"%d %d\n" % (os.waitstatus_to_exitcode(status), used.ru_maxrss))


def _run(folder: Path, function: Callable[..., Any], arguments: list[str], memory: int, seconds: int) -> None:
    """The child: limits, the call, the answer, and out without a look back."""
    import resource

    code = 1
    try:
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        values, facts = function(*arguments)
        if values is not None:
            np.save(folder / "values.npy", values, allow_pickle=False)
        (folder / "facts.json").write_text(json.dumps(facts))
        code = 0
    finally:
        os._exit(code)
