"""Every scheme, case by case: the tables of cases/*.yaml, thought out by hand from the published rules."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from scenarios.criteria import criteria
from tests.scenarios.response.conftest import judge

TABLES = {path.stem: yaml.safe_load(path.read_text()) for path in sorted(Path(__file__).with_name("cases").glob("*.yaml"))}
CASE = re.compile(r"(?:rt (\d+); )?(.*) -> (.*)")


def cases() -> Iterator[tuple[str, str, float | None, str, str]]:
    """(scheme, series, end of radiotherapy, verdicts, rule) of every table."""
    for table in TABLES.values():
        for rule in table["rules"]:
            for measure in ("cases", "volume", "product"):
                for line in rule.get(measure, ()):
                    end, series, expected = CASE.fullmatch(line).groups()
                    yield (
                        scheme_of(table, rule, measure),
                        series,
                        None if end is None else float(end),
                        expected,
                        rule["rule"],
                    )


def scheme_of(table: dict, rule: dict, measure: str) -> str:
    chosen = rule.get("schemes", {}).get(measure)
    return chosen or next(s for s in table["schemes"] if measure == "cases" or s.endswith(measure))


@pytest.mark.parametrize("rule", [(name, i) for name, table in TABLES.items() for i in range(len(table["rules"]))], ids=str)
def test_rule(rule):
    name, number = rule
    told = TABLES[name]["rules"][number]["rule"]
    wrong = [
        f"{scheme}: {series} gives {found}, not {expected}"
        for scheme, series, end, expected, text in cases()
        if text == told and (found := judge(scheme, series, end)) != expected
    ]
    assert not wrong, "\n".join([told, *wrong])


@pytest.mark.parametrize("name", TABLES)
def test_a_scheme_has_sixty_cases_and_every_rule_its_source(name):
    table = TABLES[name]
    lines = [(m, line) for rule in table["rules"] for m in ("cases", "volume", "product") for line in rule.get(m, ())]
    assert len(set(lines)) == len(lines) >= 60
    assert all(rule["cite"] for rule in table["rules"])
    assert all(criteria[scheme].citation == table["citation"] for scheme in table["schemes"])


def test_no_scheme_is_left_out():
    assert {scheme for table in TABLES.values() for scheme in table["schemes"]} == set(criteria.names())
    counted = Counter(scheme for scheme, *_ in cases())
    assert min(counted["rano-2.0-volume"], counted["rano-2.0-product"]) >= 60
