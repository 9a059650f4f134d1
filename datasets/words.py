"""What the fields of datasets mean, for the OpenAPI document."""

from tunix_site.api.openapi.hooks import describing

describe = describing(
    {
        "key": "The dataset's key.",
        "dataset_key": "By which it is asked for: name and version, joined by `-`.",
        "build_id": "Names this build among all, here and elsewhere.",
        "dataset_name": "Its name.",
        "dataset_version": "Its version; never built anew.",
        "dataset_schema_version": "The version of the manifest's own form.",
        "trace_count": "How many traces it holds.",
        "matched_count": "How many traces matched, before the limit; null where nobody counted.",
        "manifest_url": "Where its manifest is.",
        "content_digest": "SHA-256 over the hash and split of each trace, in order: the same for "
        "the same contents, on any machine.",
        "filters": "Meta keys and the JSON scalars that they must equal, by type.",
        "where": "The filters of the list of traces, as typed JSON.",
        "selection_strategy": "`latest`: the newest first. `random`: in an order that follows from "
        "the seed.",
        "recipe": "What it was built by: the document, with its version. A body takes its other "
        "keys, which builds the same anew.",
        "funnel": "What each step of the build did, in order; empty where a dataset is older than "
        "this count.",
        "FunnelLine.step": "`match`, `select` or `split`.",
        "in": "How many traces came to the step; to the first, all that there were.",
        "out": "How many it left.",
        "reasons": "Why it removed the others, and how many for each reason.",
        "seconds": "How long it took.",
        "RecipeDocument.version": "The version of the document's form.",
        "BuildRequest.limit": "How many traces at most; null for all that match.",
        "RecipeDocument.limit": "How many traces at most; null for all that match.",
        "seed": "Needed for `random` and for splits.",
        "splits": "Names of splits and their shares, which sum to 1.",
        "split_by": "`prompt`: all traces of a prompt share a split. `trace`: each for itself.",
        "split": "Of this split alone.",
        "session_id": "A note of yours.",
        "training_run_id": "A note of yours.",
        "parent_dataset_id": "The key of the dataset that it was made from, here or elsewhere.",
        "provenance": "Any object of yours.",
        "stats": "Counts of traces, steps and characters, and of each split.",
        "format": "The format's name.",
        "version": "Within which its bytes never change.",
        "row_count": "How many rows an export has.",
        "left_out": "How many traces an export leaves out, by what they hold that the format "
        "cannot say; one of several reasons counts under the first.",
        "trace_ids": "The ids of its traces, in order.",
    }
)
