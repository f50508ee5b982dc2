"""The work-precision plot: relative error against time, every engine and accuracy."""

from __future__ import annotations

from pathlib import Path

from solvers.problem import Problem
from tests.benchmarks import problems
from tests.benchmarks.measure import errors, last, timed

ACCURACIES = ("fast", "standard", "reference")


def points(problem: Problem, truth, engine: str, accuracies: tuple[str, ...]) -> list[tuple[float, float, str]]:
    """(seconds, relative L2 error, accuracy)."""
    found = []
    for accuracy in accuracies:
        spent = timed(lambda a=accuracy: last(problem, engine, a), 5 if engine == "native" else 1)
        found.append((spent.median, errors(last(problem, engine, accuracy), truth)[0], accuracy))
    return found


def draw(path: Path) -> None:
    """Two panels' worth of problems in one: a cube of 24 voxels for both engines."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    problem = problems.small(24, 30.0)
    truth = last(problem, accuracy="reference")
    figure, axes = pyplot.subplots(figsize=(6, 4), layout="constrained")
    lines = {
        "native": points(problem, truth, "native", ACCURACIES[:2]),
        "fipy": points(problem, truth, "fipy", ACCURACIES[:2]),
    }
    for (engine, line), marker in zip(lines.items(), "os", strict=True):
        axes.loglog([p[0] for p in line], [p[1] for p in line], marker=marker, label=engine)
        for seconds, error, accuracy in line:
            axes.annotate(accuracy, (seconds, error), xytext=(6, 4), textcoords="offset points", fontsize=8)
    axes.set_xlabel("time, s")
    axes.set_ylabel("relative L2 error in time (truth: native, reference)")
    axes.set_title("24 x 24 x 24 voxels of brain, 30 days, one thread", fontsize=10)
    axes.grid(True, which="major", alpha=0.3)
    axes.legend(frameon=False)
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)
