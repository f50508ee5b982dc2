"""The library of regimens against the schedules of the papers it cites."""

from __future__ import annotations

import pytest

from scenarios.door import read_yaml
from scenarios.regimen import FOLDER, Regimen, library, regimen, regimens
from scenarios.schedule import totals
from twin.errors import DataRefused, UsageError

# id, Gy, fractions, drug -> (doses, total amount), last day
PUBLISHED = [
    ("stupp", 60, 30, {"temozolomide": (40 + 30, 40 * 75 + 5 * 150 + 25 * 200)}, 39 + 28 + 5 * 28 + 4),
    (
        "short-course-temozolomide",
        40.05,
        15,
        {"temozolomide": (21 + 60, 21 * 75 + 5 * 150 + 55 * 200)},
        18 + 28 + 11 * 28 + 4,
    ),
    ("short-course-34-10", 34, 10, {}, 11),
    ("short-course-25-5", 25, 5, {}, 4),
    ("reirradiation-35-10", 35, 10, {}, 11),
    ("adjuvant-temozolomide", 0, 0, {"temozolomide": (30, 5 * 150 + 25 * 200)}, 5 * 28 + 4),
    ("radiosurgery-24", 24, 1, {}, 0),
    ("radiosurgery-27-3", 27, 3, {}, 2),
    ("radiosurgery-30-5", 30, 5, {}, 4),
    ("ac-t-dose-dense", 0, 0, {"doxorubicin": (4, 240), "cyclophosphamide": (4, 2400), "paclitaxel": (4, 700)}, 98),
    ("ac-t-weekly-paclitaxel", 0, 0, {"doxorubicin": (4, 240), "paclitaxel": (12, 960)}, 133),
    ("ac-conventional", 0, 0, {"doxorubicin": (4, 240), "cyclophosphamide": (4, 2400)}, 63),
    ("keynote-522", 0, 0, {"paclitaxel": (12, 960), "carboplatin": (4, 20), "doxorubicin": (4, 240)}, 147),
    ("lung-sbrt-54-3", 54, 3, {}, 4),
    ("lung-sbrt-48-4", 48, 4, {}, 3),
    ("lung-sbrt-50-5", 50, 5, {}, 8),
    ("lung-sbrt-60-8", 60, 8, {}, 9),
    ("lung-sbrt-34-1", 34, 1, {}, 0),
    ("lung-chemoradiation", 60, 30, {"carboplatin": (6, 12), "paclitaxel": (6, 270)}, 39),
    ("prostate-60-20", 60, 20, {}, 25),
    ("prostate-74-37", 74, 37, {}, 50),
    ("prostate-57-19", 57, 19, {}, 24),
    ("liver-sbrt-27-5-5", 27.5, 5, {}, 8),
    ("liver-sbrt-30-5", 30, 5, {}, 8),
    ("liver-sbrt-35-5", 35, 5, {}, 8),
    ("liver-sbrt-40-5", 40, 5, {}, 8),
    ("liver-sbrt-45-5", 45, 5, {}, 8),
    ("liver-sbrt-50-5", 50, 5, {}, 8),
]


@pytest.mark.parametrize(("name", "gray", "fractions", "drugs", "last"), PUBLISHED)
def test_schedule_of_the_paper(name, gray, fractions, drugs, last):
    plan = regimen(name).build(0.0)
    found = totals(plan, 10.0)
    assert (found["total_gy"], found["fractions"]) == (pytest.approx(gray), fractions)
    for drug, (count, amount) in drugs.items():
        doses = plan.drug_doses(drug)
        assert (len(doses), sum(d.amount for d in doses)) == (count, pytest.approx(amount))
    days = [f.day for _, f in plan.fractions()] + [d.day for d in plan.drug_doses()]
    assert (min(days), max(days)) == (0, last)


@pytest.mark.parametrize("name", sorted(library()))
def test_every_file_is_named_after_its_regimen_and_cited(name):
    found = regimen(name)
    assert (FOLDER / f"{name}.yaml").exists()
    assert any(year in found.citation for year in map(str, range(1985, 2027)))
    assert found.words != "no treatment"
    assert "trial" not in found.model_dump_json()


def test_weekdays_hold_wherever_the_course_starts():
    plan = regimen("stupp").build(23.0, first_weekday=3)  # day 0 is a Thursday, so day 23 is a Saturday
    days = [f.day for _, f in plan.fractions()]
    assert days[0] == 25 and all((3 + int(d)) % 7 < 5 for d in days)


def test_unmodelled_drug_is_listed_but_not_given():
    found = regimen("keynote-522")
    assert found.not_modelled == ["pembrolizumab"]
    assert "pembrolizumab (listed, its effect is not computed)" in found.words
    assert "pembrolizumab" not in found.build(0.0).drugs()


def test_unknown_regimen_names_the_nearest():
    with pytest.raises(UsageError, match=r"no regimen called 'stup'\. Did you mean 'stupp'"):
        regimen("stup")


def test_sorted_by_site():
    assert [r.site for r in regimens()] == sorted(r.site for r in regimens())


def test_wrong_file_is_refused_with_every_problem(tmp_path):
    path = tmp_path / "wrong.yaml"
    path.write_text(
        "id: wrong\nlabel: W\nsite: brain\nindication: x\ncourses:\n  - {radiotherapy: 60, fractions: 30}\ncolour: red\n"
    )
    with pytest.raises(DataRefused) as caught:
        read_yaml(path, Regimen)
    for words in (
        "The key 'citation' is missing",
        "The key 'colour' is unknown",
        "The dose 60 has no unit",
        "write '60 Gy'",
    ):
        assert words in str(caught.value)
    assert "where: wrong.yaml: courses, entry 1, radiotherapy, radiotherapy" in str(caught.value)
    path.write_text("id: [")
    with pytest.raises(DataRefused, match="not valid YAML"):
        read_yaml(path, Regimen)
    with pytest.raises(DataRefused, match="cannot be read"):
        read_yaml(tmp_path / "absent.yaml", Regimen)
