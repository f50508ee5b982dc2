"""Errors that tell what was wrong, where, why it matters and how to mend it.

Exit codes of the command line: 0 ok, 1 failed, 2 usage, 3 data refused, 4 partial result, 130 interrupted.
"""

from __future__ import annotations


class OncotwinError(Exception):
    """An error with words for the person who meets it.

    ``what`` happened, ``where`` (file, visit, parameter), ``why`` it matters, and the ``remedy``.
    """

    exit_code = 1

    def __init__(self, what: str, *, where: str = "", why: str = "", remedy: str = ""):
        self.what, self.where, self.why, self.remedy = what, where, why, remedy
        super().__init__(what)

    def __str__(self) -> str:
        lines = [self.what]
        lines += [
            f"  {label}: {text}"
            for label, text in (("where", self.where), ("why it matters", self.why), ("remedy", self.remedy))
            if text
        ]
        return "\n".join(lines)

    def __reduce__(self):
        return (_rebuild, (type(self), self.what, self.where, self.why, self.remedy))


def _rebuild(kind: type[OncotwinError], what: str, where: str, why: str, remedy: str) -> OncotwinError:
    return kind(what, where=where, why=why, remedy=remedy)


class UsageError(OncotwinError):
    """The request does not make sense as written: a misspelt name, a flag that does not fit."""

    exit_code = 2


class DataRefused(OncotwinError):
    """The data cannot be trusted as given; computing on it could mislead."""

    exit_code = 3


class PartialResult(OncotwinError):
    """Some runs failed; what was computed is kept and the failed ones are named."""

    exit_code = 4


class SolverError(OncotwinError):
    """A solver was asked for the impossible, or its numbers left their range."""
