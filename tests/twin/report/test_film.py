"""Films: frames of even size that show the tumour grow, day and notice on each, the same camera for all."""

from __future__ import annotations

import numpy as np
import pytest

from twin.errors import DataRefused
from twin.report import film
from twin.report.results import read_results
from twin.visual import movie
from twin.visual.between import REACH_MM, distances, shells
from twin.visual.probe import can_render


def ball(radius: float) -> np.ndarray:
    z, y, x = np.indices((40, 40, 40)) - 20.0
    return 1 / (1 + np.exp(np.sqrt(z**2 + y**2 + x**2) - radius))


def test_half_way_between_two_balls_lies_the_ball_between():
    pytest.importorskip("pyvista")
    a, b = (distances(ball(r), (1.0, 1.0, 1.0)) for r in (8.0, 14.0))
    assert a[1].max() <= REACH_MM and a[1].min() == -REACH_MM
    for share, radius in ((0.0, 8.0), (0.5, 11.0), (1.0, 14.0)):
        surface = shells(a, b, share, (1.0, 1.0, 1.0))[1]
        assert np.abs(np.linalg.norm(np.asarray(surface.points) - 20.0, axis=1) - radius).mean() < 0.5


def test_the_scan_before_and_the_way_to_the_next():
    assert film._between([0.0, 10.0, 30.0], 20.0) == (1, 0.5)
    assert film._between([0.0, 10.0, 30.0], 30.0) == (1, 1.0) and film._between([5.0], 5.0) == (0, 0.0)


def test_frames_side_by_side_are_multiples_of_sixteen():
    frame = np.zeros((*movie.SIZE[::-1], 3), np.uint8)
    for count in (2, 3, 4, 5, 6, 7):
        tall, wide, _ = movie.side_by_side([frame] * count).shape
        assert tall % 16 == 0 and wide % 16 == 0 and tall * wide >= count * frame.shape[0] * frame.shape[1]


def test_an_option_that_is_not_there_is_refused(brain_results):
    with pytest.raises(DataRefused, match="no option 'cure'"):
        film.reels_of(read_results(brain_results), ["cure"])


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # imageio leaves its coder's pipe open
def test_two_options_are_filmed_alone_and_together(full_report, tmp_path):
    if not can_render()[0]:
        pytest.skip(can_render()[1])
    imageio = pytest.importorskip("imageio.v2")
    made = film.write_films(full_report.parent, tmp_path, frames=3)
    assert {p.name for p in made} == {f"{n}.{k}" for n in ("none", "standard", "side-by-side") for k in ("mp4", "gif")}
    with imageio.get_reader(tmp_path / "films" / "none.mp4") as reader:
        frames = [np.asarray(f, int) for f in reader.iter_data()]
    assert len(frames) == 3 + movie.LINGER and frames[0].shape == (480, 480, 3)
    red = [int(((f[40:340, ..., 0] > 150) & (f[40:340, ..., 2] < 110)).sum()) for f in frames]
    assert red[2] > 1.1 * red[0] > 0
