"""A function in a process of its own, with limits on time and memory, for readers that may hang or crash on hostile files.

ITK's readers are deaf to signals on some 1.4 kB NIfTI files, and decoders of compressed pixels are C code.
"""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

SECONDS = 60.0
MEMORY_BYTES = 3 << 30

_CHILD = """
import pickle, resource, sys
limit = int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
import importlib, numpy
with open(sys.argv[1] + "/call", "rb") as stream:
    module, name, arguments = pickle.load(stream)
found = getattr(importlib.import_module(module), name)(*arguments)
with open(sys.argv[1] + "/answer", "wb") as stream:
    pickle.dump(found, stream, protocol=5)
"""


class Failed(Exception):
    """The guarded function did not come back with a value; the words say how (never the reader's own message)."""


def guarded(function: Callable[..., Any], *arguments: Any, seconds: float = SECONDS, memory: int = MEMORY_BYTES) -> Any:
    """``function(*arguments)`` in a fresh interpreter; raises :class:`Failed` on crash, error or time-out.

    ``function`` must be importable by name; arguments and answer are plain values or arrays. The pickle between the two
    processes is ours, written to a private folder: nothing of the data is ever unpickled.
    """
    with tempfile.TemporaryDirectory(prefix="oncotwin-") as folder:
        call = Path(folder, "call")
        call.write_bytes(pickle.dumps((function.__module__, function.__name__, arguments)))
        child = subprocess.Popen(
            [sys.executable, "-c", _CHILD, folder, str(memory)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS": "1", "OMP_NUM_THREADS": "1"},
            start_new_session=True,
        )
        try:
            code = child.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            raise Failed(f"no answer within {seconds:g} s") from None
        finally:
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()
        answer = Path(folder, "answer")
        if code != 0 or not answer.exists():
            raise Failed("the reader crashed" if code < 0 else "the reader gave up on it")
        return pickle.loads(answer.read_bytes())
