"""RECIST 1.1 beside its cases: numbers of a verdict, target lesions, what is refused."""

from __future__ import annotations

import pytest

from scenarios.criteria import criteria
from scenarios.response.recist import Target, sum_of_diameters
from twin.errors import DataRefused


def test_the_rule_and_its_numbers(read_series):
    last = criteria["recist-1.1"].assess(read_series("0:100 56:50 112:60"))[-1]
    assert last.rule == "20 % or more and 5 mm or more above the smallest sum so far"
    assert (last.size, last.baseline, last.nadir) == (60, 100, 50)
    assert (last.from_baseline, last.from_nadir) == (pytest.approx(-40), pytest.approx(20))


def test_targets():
    lesions = [Target("a", "liver", 30), Target("b", "liver", 20), Target("n", "node", 40, 18, node=True)]
    assert sum_of_diameters(lesions) == 68
    for wrong, words in (
        ([*lesions, Target("c", "liver", 12)], "more than two targets in the liver"),
        ([Target("d", "lung", 9)], "'d' measures 9 mm"),
        ([Target("n", "node", 40, 14, node=True)], "'n' measures 14 mm"),
        ([Target(str(i), str(i), 20) for i in range(6)], "6 target lesions"),
    ):
        with pytest.raises(DataRefused, match=words):
            sum_of_diameters(wrong)
    assert sum_of_diameters([Target("a", "liver", 4)], baseline=False) == 4


@pytest.mark.parametrize("scheme", criteria.names())
def test_visits_out_of_order_are_refused(scheme, read_series):
    with pytest.raises(DataRefused, match="in order"):
        criteria[scheme].assess(read_series("10:100 5:90"))
    with pytest.raises(DataRefused, match="in order"):
        criteria[scheme].assess([])


@pytest.mark.parametrize("scheme", ["recist-1.1", "irecist", "rano-hgg"])
def test_no_disease_at_baseline_is_refused(scheme, read_series):
    with pytest.raises(DataRefused, match="no measurable disease on the first scan"):
        criteria[scheme].assess(read_series("0:0 56:10"))
