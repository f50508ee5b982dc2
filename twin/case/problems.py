"""Problems of a case, gathered so that a person can mend them all at once."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from contextlib import contextmanager

from twin.errors import DataRefused


class Problems:
    """What was found wrong (``refused``), and what is doubtful but usable (``hints``)."""

    def __init__(self) -> None:
        self.refused: list[DataRefused] = []
        self.hints: list[str] = []

    def __bool__(self) -> bool:
        return bool(self.refused)

    @contextmanager
    def gather(self, where: str = "") -> Iterator[None]:
        """Keep a refusal raised inside the block instead of letting it through."""
        try:
            yield
        except DataRefused as refused:
            place = (
                where if refused.where in where else refused.where if where in refused.where else f"{where}; {refused.where}"
            )
            self.add(DataRefused(refused.what, where=place, why=refused.why, remedy=refused.remedy))

    def add(self, refused: DataRefused) -> None:
        if str(refused) not in {str(known) for known in self.refused}:
            self.refused.append(refused)

    def hint(self, text: str) -> None:
        if text not in self.hints:
            self.hints.append(text)

    def raise_if_any(self, file: str) -> None:
        """Raise the one problem, or all of them in one refusal."""
        if len(self.refused) == 1:
            raise self.refused[0]
        if self.refused:
            listed = "\n".join(textwrap.indent(f"{i}. {problem}", "  ") for i, problem in enumerate(self.refused, start=1))
            raise DataRefused(
                f"{len(self.refused)} problems were found in {file}:\n{listed}",
                where=file,
                why="computing on doubtful data could mislead",
                remedy="mend them in this order; the same command tells what is left",
            )
