"""Which files a case consists of, so that a changed image is noticed."""

from __future__ import annotations

from pathlib import Path


def case_files(case: Path) -> list[Path]:
    """The case file and, after it, every file that it names and that is there. DataRefused where there is no case.

    A case file that cannot be read counts as itself alone; loading it says what is wrong.
    """
    from twin.case.problems import Problems
    from twin.case.reading import case_path, read_case_file

    path = case_path(case)
    written = read_case_file(path, Problems())
    named = [path.parent / name for name in written.files()] if written else []
    return [path, *(p for p in named if p.is_file())]
