"""The losses of a run as a picture."""

from pathlib import Path
from typing import Any


def plot_losses(metrics: list[dict[str, Any]], path: Path) -> None:
    """Draw the loss of every step and the evaluation losses, on a logarithmic scale."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(5, 3.5), layout="constrained")
    for name, label, style in (("loss", "training", "-"), ("eval_loss", "evaluation", "o")):
        points = [(line["step"], line[name]) for line in metrics if line.get(name) is not None]
        if points:
            axes.plot(*zip(*points, strict=True), style, label=label, markersize=5)
    axes.set(xlabel="step", ylabel="loss per token of the model's turn", yscale="log")
    axes.legend()
    figure.savefig(path, dpi=120)
    pyplot.close(figure)
