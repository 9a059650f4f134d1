"""All that the page of a trace shows."""

from typing import Any

from pages.review import beside
from pages.review.place import Place
from pages.review.steps import piece_of
from pages.text.folding import tree
from pages.text.texts import Texts
from traces.models import Trace

LINES_BEFORE_FOLD = 12
CHARS_BEFORE_FOLD = 1_500


def context_of(
    trace: Trace, place: Place, *, user: Any, may_judge: bool, start: int = 0
) -> dict[str, Any]:
    """Give what the template of a trace takes; some ten queries, whatever the trace."""
    texts = Texts()
    prompt, answer = texts.show(trace.prompt), texts.show(trace.final_answer)
    kept_back = place.kept_back(trace, user)
    reviews, scores = beside.reviews_of(trace, kept_back), beside.scores_of(trace)
    verification = beside.verification_of(trace, scores)
    return {
        "title": place.queue.name if place.queue else f"Trace {trace.pk}",
        "trace": trace,
        "prompt": prompt,
        "is_long": is_long(trace.prompt),
        "prompt_chars": f"{len(trace.prompt):,}",
        "piece": piece_of(trace, beside.standing_in(reviews), start=start, texts=texts),
        "answer": answer,
        "verification": verification,
        "reference": texts.show(verification.reference).sent if verification else "",
        "model": text_of(trace.meta, "model"),
        "scores": scores,
        "attempts": beside.attempts_of(trace),
        "datasets": beside.datasets_of(trace),
        "reviews": reviews,
        "are_kept_back": bool(kept_back),
        "meta": tree(beside.meta_beside(trace)),
        "original": tree(trace.original) if trace.original else "",
        "may_judge": may_judge,
        **of_place(place, trace, user, may_judge=may_judge),
        "urls": place.urls_of(trace),
    }


def of_place(place: Place, trace: Trace, user: Any, *, may_judge: bool) -> dict[str, Any]:
    """Give what the place adds: the claim, reasons, and the guideline."""
    queue, guideline = place.queue, place.guideline
    if queue is None:
        return {"label_steps": may_judge}
    return {
        "queue": queue,
        "claim": place.claim,
        "left": f"{queue.left_count:,}",
        "reasons": queue.reasons,
        "label_steps": may_judge and queue.step_labels,
        "expected_review": beside.own_review_of(trace, user) or "",
        "guideline": guideline,
        "guideline_text": Texts().show(guideline.text) if guideline else None,
    }


def is_long(text: str) -> bool:
    """Tell whether a text is folded: beyond some lines, or what a screen makes them."""
    return text.count("\n") >= LINES_BEFORE_FOLD or len(text) > CHARS_BEFORE_FOLD


def text_of(meta: dict[str, Any], key: str) -> str:
    value = meta.get(key)
    return value if isinstance(value, str) else ""
