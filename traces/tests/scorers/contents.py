"""Contents that scorers look at."""

from traces.scorers.scorer import Content


def content(*steps: str, answer: str = "4", **meta) -> Content:
    """Give content with these steps; what begins with `output:` is a reply."""
    shown = [
        {
            "i": i,
            "type": "output" if text.startswith("output:") else "reasoning",
            "content": text.removeprefix("output:"),
        }
        for i, text in enumerate(steps or ["Twice 2 is 4."])
    ]
    return Content("What is 2 plus 2?", shown, answer, meta)
