"""Scenes show what they should, where it is, at the scale they state."""

from __future__ import annotations

import numpy as np
import pytest

from twin.grid import Grid
from twin.medium import Medium
from twin.patient import Patient, Visit
from twin.visual import palette, scene
from twin.visual.annotate import round_length
from twin.visual.cutaway import notch_for
from twin.visual.mesh import bodies, daylight, isosurface, softened
from twin.visual.probe import can_render
from twin.visual.stage import Camera, on_ground
from twin.visual.view import view_of

GRID = Grid((40, 50, 40), (2.0, 2.0, 2.0))
CENTRE = np.array([24.0, 17.0, 27.0])


def ball(radius_mm: float, centre=CENTRE) -> np.ndarray:
    place = np.moveaxis(np.indices(GRID.shape), 0, -1)
    distance = np.linalg.norm((place - centre) * GRID.spacing_mm, axis=-1)
    return np.clip((radius_mm - distance) / 2 + 0.5, 0, 1)


def person() -> Patient:
    z, y, x = np.indices(GRID.shape)
    organ = ((z - 19.5) / 17) ** 2 + ((y - 24.5) / 22) ** 2 + ((x - 19.5) / 17) ** 2 < 1
    return Patient("p", "brain", Medium.of_one_tissue(GRID, organ), (Visit(0, "v", regions={"tumour": ball(9) > 0.5}),))


@pytest.fixture(scope="module")
def maker():
    able, reason = can_render()
    if not able:
        pytest.skip(reason)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scene, "HERO", (320, 240))
        patch.setattr(scene, "PANEL", (240, 180))
        yield scene.SceneMaker(view_of(person()), ball(9) > 0.5, ball(14) > 0.5)


def shown(radius_mm: float, core: float | None = None) -> scene.Shown:
    return scene.Shown(lambda: ball(radius_mm), (lambda: ball(radius_mm)) if core else None, core)


def reddish(picture: np.ndarray) -> np.ndarray:
    r, g, b = (picture[..., i].astype(int) for i in range(3))
    return (r > 110) & (r > 1.5 * g) & (r > 1.8 * b) & (picture[..., 3] > 200)


def amber(picture: np.ndarray) -> np.ndarray:
    r, g, b = (picture[..., i].astype(int) for i in range(3))
    return (r > 100) & (r > 1.6 * b) & (g > 1.2 * b)


def test_the_cutaway_shows_organ_image_and_tumour_on_a_clear_ground(maker):
    picture = maker.cutaway_hero(shown(9))
    assert picture.shape[1] == 320 and picture.dtype == np.uint8
    opaque = picture[..., 3] > 250
    assert 0.25 < opaque.mean() < 0.75, "an organ on a transparent ground"
    assert amber(picture).sum() > 400
    assert len(np.unique(picture[opaque][:, :3] // 8, axis=0)) > 60, "light and shade, not flat colour"


def test_panels_differ_where_tumours_differ_and_nowhere_else(maker):
    pictures = dict(maker.cutaways({"small": shown(6), "large": shown(13), "small again": shown(6), "none": shown(-9)}))
    assert (pictures["small"] == pictures["small again"]).all()
    areas = {name: int(amber(picture).sum()) for name, picture in pictures.items()}
    assert areas["large"] > 2 * areas["small"] > 2 * max(areas["none"], 50)
    corner = (slice(0, 60), slice(0, 20))
    assert (pictures["small"][corner] == pictures["large"][corner]).all()


def test_the_core_is_drawn_inside(maker):
    plain, cored = (dict(maker.cutaways({"x": s}))["x"] for s in (shown(12), shown(12, core=0.8)))
    assert reddish(cored).sum() > reddish(plain).sum() + 200


def test_shells_have_the_size_that_the_scale_bar_says(maker):
    picture = dict(maker.glasses({"x": shown(12)}))["x"]
    rows, columns = np.nonzero(reddish(picture))
    mm, wide = 2 * maker.near.half_height_mm / 180, 2 * (12 - 0.9)  # where the ball's edge reaches 95 %
    assert (np.ptp(rows) + 1) * mm == pytest.approx(wide, rel=0.07)
    assert (np.ptp(columns) + 1) * mm == pytest.approx(wide, rel=0.07)


def test_uncertain_tumours_show_pale_shells_and_no_certain_one(maker):
    sure, unsure = (dict(maker.glasses({"x": scene.Shown(lambda s=s: s * ball(12))}))["x"] for s in (1.0, 0.6))
    assert reddish(sure).sum() > 500 > 10 * reddish(unsure).sum()
    assert amber(unsure).sum() > 200


def test_the_gap_opens_towards_the_side_of_the_lesion():
    view = view_of(person())
    assert notch_for(view, ball(9) > 0.5).signs == (1, -1, 1)
    right_back = ball(9, centre=np.array([20.0, 34.0, 12.0])) > 0.5
    assert notch_for(view, right_back).signs == (-1, 1, 1)


def test_letters_point_where_the_patient_points():
    camera = Camera((0, 0, 0), (0.0, -1.0, 0.0), 50)  # from the front
    right, up, near = camera.on_screen((1.0, 0.0, 0.0))
    assert right == pytest.approx(1) and up == pytest.approx(0) and near == pytest.approx(0)
    assert camera.on_screen((0.0, 0.0, 1.0))[1] == pytest.approx(1)
    assert camera.on_screen((0.0, 1.0, 0.0))[2] == pytest.approx(-1)


def test_framing_holds_every_point():
    camera = Camera((0, 0, 0), tuple(np.array([0.6, -0.64, 0.48])), 1)
    points = np.random.default_rng(0).uniform(-50, 80, (500, 3))
    framed = camera.framing(points, aspect=1.5)
    for point in points:
        right, up, _ = framed.on_screen(tuple(point - np.array(framed.focus)))
        assert abs(up) <= framed.half_height_mm and abs(right) <= 1.5 * framed.half_height_mm


@pytest.mark.parametrize(("most", "length"), [(24, 20), (9.9, 5), (1.99, 1), (50, 50), (0.3, 0.2)])
def test_scale_bars_are_round(most, length):
    assert round_length(most) == pytest.approx(length)


def test_an_isosurface_has_the_volume_and_place_of_its_body():
    pytest.importorskip("pyvista")
    surface = bodies(ball(14), GRID.spacing_mm, [0.5])[0]
    assert surface.volume == pytest.approx(4 / 3 * np.pi * 14**3, rel=0.04)
    assert np.array(surface.center) == pytest.approx((CENTRE * 2)[::-1], abs=0.5)
    assert bodies(np.zeros(GRID.shape), GRID.spacing_mm, [0.5, 0.9]) == [None, None]


def test_bodies_at_the_edge_of_the_grid_are_closed():
    pytest.importorskip("pyvista")
    solid = np.zeros((12, 12, 12))
    solid[:6] = 1
    assert isosurface(solid, (2.0, 2.0, 2.0), 0.5).n_open_edges == 0


def test_daylight_is_darker_in_a_furrow_than_on_a_ridge():
    pytest.importorskip("pyvista")
    solid = np.zeros((30, 40, 40), bool)
    solid[:20] = True
    solid[8:20, :, 18:22] = False
    surface = isosurface(softened(solid, (1.0, 1.0, 1.0), 0.7), (1.0, 1.0, 1.0), 0.5)
    light, points = daylight(surface, solid, (1.0, 1.0, 1.0)), np.asarray(surface.points)
    furrow = (np.abs(points[:, 0] - 19.5) < 2) & (points[:, 2] < 11) & (points[:, 2] > 5)
    ridge = (points[:, 2] > 19) & (points[:, 0] < 8) & (points[:, 0] > 4)
    assert light[furrow].mean() < 0.6 * light[ridge].mean()


def test_a_picture_laid_on_a_ground():
    picture = np.zeros((1, 2, 4), np.float32)
    picture[0, 0] = (1, 0, 0, 1)
    assert on_ground(picture, "#0000ff")[0].tolist() == [[1, 0, 0], [0, 0, 1]]
    assert palette.rgb("#ff0000") == (1, 0, 0)
