"""What every process of a comparison needs, on disk as JSON and plain arrays: the arms, the days, the names of the runs."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from scenarios.adaptive import Rule
from scenarios.arms import Arm
from scenarios.simulated import Setup
from scenarios.timeline import Timeline
from twin.case.stored_plan import plan_facts, plan_of
from twin.store import load_json, replacing, save_json

FACTS, ARRAYS = "setup.json", "arrays.npz"
PLAIN = ("seed", "accuracy", "engine", "maps", "adapting")
"""What of a setup is a plain value."""

RunKeys = Mapping[tuple[int, str], str]
"""(draw, arm) -> the name of their run."""


def save_setup(folder: Path, setup: Setup, keys: RunKeys) -> None:
    """Write ``setup`` and the names of the runs; the folder appears whole or not at all."""
    arrays: dict[str, np.ndarray] = {}
    facts = {
        **{
            name: getattr(setup, name)
            for name in ("measured", "prior_effects", "seed", "accuracy", "engine", "maps", "adapting")
        },
        "timeline": asdict(setup.timeline),
        "arms": [_arm_facts(arm, arrays) for arm in setup.arms],
        "draws": sorted({draw for draw, _ in keys}),
        "keys": {arm.id: [key for (_, name), key in sorted(keys.items()) if name == arm.id] for arm in setup.arms},
    }
    with replacing(folder) as temporary:
        temporary.mkdir(parents=True)
        save_json(temporary / FACTS, facts)
        np.savez_compressed(temporary / ARRAYS, **arrays)  # type: ignore[arg-type]


def load_setup(folder: Path) -> tuple[Setup, RunKeys]:
    """What :func:`save_setup` wrote."""
    facts = load_json(folder / FACTS)
    with np.load(folder / ARRAYS, allow_pickle=False) as stored:
        arrays = {name: stored[name] for name in stored.files}
    times = facts["timeline"]
    setup = Setup(
        arms=tuple(_arm(arm, arrays) for arm in facts["arms"]),
        timeline=Timeline(times["decision_day"], times["horizon_day"], tuple(times["scans"]), tuple(times["days"])),
        measured=tuple(facts["measured"]),
        prior_effects=tuple(facts["prior_effects"]),
        **{name: facts[name] for name in PLAIN},
    )
    return setup, {(d, arm): key for arm, row in facts["keys"].items() for d, key in zip(facts["draws"], row, strict=True)}


def _arm_facts(arm: Arm, arrays: MutableMapping[str, np.ndarray]) -> dict[str, Any]:
    return {
        **{name: getattr(arm, name) for name in ("id", "label", "words", "notes")},
        "plan": plan_facts(arm.plan_after, arrays),
        "rules": [_rule_facts(rule, arrays) for rule in arm.rules],
        "varied": dict(arm.varied),
    }


def _arm(facts: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Arm:
    rules = tuple(_rule(rule, arrays) for rule in facts["rules"])
    plan = plan_of(facts["plan"], arrays)
    return Arm(facts["id"], facts["label"], facts["words"], plan, tuple(facts["notes"]), rules, facts["varied"])


def _rule_facts(rule: Rule, arrays: MutableMapping[str, np.ndarray]) -> dict[str, Any]:
    plans = [[day, plan_facts(plan, arrays)] for day, plan in rule.plans]
    return {**{name: getattr(rule, name) for name in ("variable", "since", "percent", "words")}, "plans": plans}


def _rule(facts: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Rule:
    plans = tuple((day, plan_of(plan, arrays)) for day, plan in facts["plans"])
    return Rule(facts["variable"], facts["since"], facts["percent"], plans, facts["words"])
