"""Reading ``case.yaml``: YAML with duplicate keys refused, then the schema."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from twin.case.mistakes import WHY, refusals
from twin.case.problems import Problems
from twin.case.schema import CaseFile
from twin.errors import DataRefused


def case_path(path: Path) -> Path:
    """The YAML file of a case given by its file or its folder."""
    path = Path(path)
    found = path / "case.yaml" if path.is_dir() else path
    if not found.is_file():
        raise DataRefused(
            f"There is no case file at {path.name or path}.",
            where=str(found),
            why="it names the scans, their units and the treatments",
            remedy="`oncotwin new FOLDER` writes a commented one to start from",
        )
    return found


def read_case_file(path: Path, problems: Problems) -> CaseFile | None:
    """The file as written, or None with the reasons added to ``problems``."""
    content = None
    with problems.gather(path.name):
        content = read_yaml(path)
    if problems:
        return None
    try:
        return CaseFile.model_validate(content)
    except ValidationError as error:
        for refused in refusals(error, path.name, CaseFile):
            problems.add(refused)
        return None


def read_yaml(path: Path) -> dict[str, Any]:
    import yaml

    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=_loader())
    except OSError as error:
        raise DataRefused(
            f"{path.name} cannot be read: {error.strerror}.", where=str(path), remedy="check the path and its rights"
        ) from None
    except UnicodeDecodeError as error:
        raise DataRefused(f"{path.name} cannot be read as text: {error}.", remedy="save it as plain text (UTF-8)") from None
    except yaml.YAMLError as error:
        raise DataRefused(
            f"{path.name} is not valid YAML: {' '.join(str(error).split())}.",
            why=WHY,
            remedy="check indentation (spaces, no tabs), colons and quotes at that line",
        ) from None
    if not isinstance(content, dict):
        raise DataRefused(f"{path.name} holds no keys and values.", remedy="start from `oncotwin new FOLDER`")
    return content


def _loader() -> type:
    import yaml

    class OneKeyLoader(yaml.SafeLoader):
        """Refuses a key that is written twice; plain YAML silently keeps the last."""

        def construct_mapping(self, node, deep=False):
            seen = set()
            for key, _ in node.value:
                if key.value in seen:
                    problem = f"the key '{key.value}' is written twice"
                    raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
                seen.add(key.value)
            return super().construct_mapping(node, deep)

    return OneKeyLoader
