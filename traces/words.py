"""What the fields of traces mean, for the OpenAPI document."""

from tunix_site.api.openapi.hooks import describing

OF_QUEUES = {
    "id": "A number.",
    "name": "By which people know it.",
    "where": "The list's filters, as typed JSON: which traces are in it.",
    "order": "Which come first: `random` by a seed, those with the least `score` on `criteria`, "
    "those of prompts whose answers differ most (`disagreement`), or the `oldest`.",
    "criteria": "Of the order `score`; empty in others.",
    "seed": "Of the random order, and of who is reviewed twice.",
    "overlap": "The share of the traces that two people review.",
    "blind": "Whether people see what others say of a trace only when they gave their verdict.",
    "reasons": "Why traces are rejected, for people to choose from.",
    "step_labels": "Whether people are asked which steps are right.",
    "guideline": "What its people are told, in Markdown; another text is a new version.",
}
QUEUES = ("NewQueueRequest", "QueueChangeRequest", "PatchedQueueChangeRequest", "QueueRow", "Queue")

describe = describing(
    {
        # a trace
        "trace_version": "The version of the trace's own format.",
        "prompt": "What the model was asked.",
        "final_answer": "What it answered; empty where it gave none.",
        "steps": "Its reasoning, in the order of `i`.",
        "i": "The step's place among the others; each occurs once.",
        "type": "What kind of step it is, in any words.",
        "content": "What the step says.",
        "meta": "Any object. `source` says where the trace comes from, `reference_answer` is the "
        "answer that is known to be right, `revision_of` the id of what this one corrects.",
        "messages": "The conversation that it came from, kept as sent.",
        "external_id": "Your own id, unique per source; the same one again is not stored twice.",
        "tags": "Words to find it by.",
        "source": "Where it comes from: `meta.source`.",
        "status": "What people found of it.",
        "content_hash": "SHA-256 of prompt, steps and answer, its first half as a UUID.",
        "prompt_hash": "SHA-256 of the prompt without regard to case and white space, likewise.",
        "step_count": "How many steps it has.",
        "payload": "The trace as it was sent.",
        "original": "What an import cut off of the record that it was made of: the fields that are "
        "neither in the trace nor short; missing where there are none.",
        "scores": "What scorers gave it, the newest first.",
        "prompt_preview": "The first 200 characters of the prompt.",
        "final_answer_preview": "The first 200 characters of the answer.",
        # filters
        "tag": "Has the tag.",
        "min_steps": "Has so many steps at least.",
        "max_steps": "Has so many steps at most.",
        # scores
        "trace": "The id of the trace.",
        "trace_id": "The id of the trace.",
        "criteria": "What was judged.",
        "scorer_version": "The version of what judged; scores of others are kept beside it.",
        "value": "The score; null where the scorer is undecided.",
        "score": "The score; null where the scorer is undecided.",
        "details": "What the score was made of.",
        "updated_count": "Scores that were there and changed.",
        "scored_count": "How many have a score on the criteria.",
        # reviews
        "verdict": "What a person found of the trace: its status from then on.",
        "reviewer": "The name of who said so.",
        "status_before": "The trace's status before; empty where it was not noted yet.",
        "note": "What they said of it.",
        "reasons": "Why, in few words each.",
        "step_labels": "1 where a step is right, -1 where it is wrong, 0 where neither, by its "
        "`i`; steps may be left out.",
        "queue": "The id of the queue in which it was given, if any.",
        "guideline": "The version of the queue's guideline that they were told.",
        "undoes": "The id of the review that it undoes, if any.",
        # queues and filters that are kept
        **{f"{queue}.{name}": said for queue in QUEUES for name, said in OF_QUEUES.items()},
        "Claim.id": "A number.",
        "expires_at": "Until when nobody else gets the trace.",
        "Claimed.trace": "What is to be reviewed.",
        "Filter.id": "A number.",
        "Filter.name": "By which people know it.",
        "NewFilterRequest.name": "By which people know it.",
        "Filter.where": "The list's filters, as typed JSON.",
        "team": "Whether everybody sees it.",
        "owner": "The name of who keeps it.",
        # preferences
        "chosen": "The id of the trace that is better.",
        "rejected": "The id of the other one.",
        # batches, imports and changes of many
        "outcome": "Whether it was stored, or was there already.",
        "created_count": "How many were stored.",
        "existing_count": "How many were there already.",
        "traces": "An entry for each trace, in the order of the request.",
        "PartialBatchAnswer.traces": "An entry for each trace, in the order of the request; null "
        "for a bad one.",
        "index": "The place in the request, from 0.",
        "BatchError.errors": "What is wrong with it, by field.",
        "PartialBatchAnswer.errors": "The first hundred that were bad.",
        "ImportAnswer.errors": "The first hundred records that were bad.",
        "ImportAnswer.format": "The format that the records were read as.",
        "line_count": "How many records were looked at.",
        "message": "What is wrong with it.",
        "job": "The id of the import's job, which keeps up to 10,000 errors.",
        "dry_run": "True where nothing was kept.",
        "set": "What becomes of the traces.",
        "add_tags": "Tags that they get, where they lack them.",
        "remove_tags": "Tags that they lose.",
        # formats, comparisons, prompts
        "name": "By which it is asked for.",
        "description": "What the records are.",
        "example": "A record of it.",
        "base": "The id of one trace.",
        "other": "The id of another.",
        "Comparison.base": "The one trace.",
        "Comparison.other": "The other.",
        "Similar.results": "The most similar first.",
        "limit": "How many at most.",
        "PromptGroup.trace_count": "How many attempts there are.",
    }
)
