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
        "step": "`match`, `exact`, `decontaminate`, `verify`, `dedupe`, `select`, `split` or "
        "`pair`.",
        "in": "How many traces came to the step; to the first, all that there were.",
        "out": "How many it left.",
        "reasons": "Why it removed the others, and how many for each reason.",
        "seconds": "How long it took.",
        "more_than_half": "There where a step that judges traces removed more than half of them.",
        "RecipeDocument.version": "The version of the document's form.",
        "BuildRequest.limit": "How many traces at most; null for all that match.",
        "RecipeDocument.limit": "How many traces at most; null for all that match.",
        "seed": "Needed for `random` and for splits; otherwise 0, where equals are told apart.",
        "splits": "Names of splits and their shares, which sum to 1.",
        "split_counts": "Names of splits and how many traces each gets, instead of shares; what is "
        "left over is not in the dataset.",
        "split_by": "What stays in one split: `prompt`, all traces of a prompt; `near`, those of "
        "prompts that are found to be nearly the same, too; `trace`, each for itself; `meta.KEY`, "
        "all of a value.",
        "exact": "Keeps one trace of those with the same content.",
        "decontaminate": "Takes away traces in which items of evaluation sets stand.",
        "against": "The evaluation sets, and how their items are found.",
        "eval_set": "The key of an evaluation set.",
        "Contamination.eval_set": "The set, as it is, and how its items were found.",
        "match": "`words`: by the words that they share with a text. `exact`: where the prompt is "
        "the same but for white space and capitals; of generated sets by default.",
        "fields": "What is looked through by words: `prompt`, or `prompt` and `steps`.",
        "n": "So many words in a row have to be the same to count.",
        "share": "The share of an item's words that such rows have to cover.",
        "FoundItem.share": "The share of the item's words that the prompt has; not there where "
        "prompts are compared whole.",
        "decontaminated_against": "The evaluation sets whose items were taken away.",
        "digest": "The set's digest: SHA-256 of its lines.",
        "template_ngrams": "How many rows of words many items share, which did not count.",
        "items": "Those that were found, the largest share first; 1,000 at most.",
        "item": "The item's id within its set.",
        "words": "The longest run of the item's words that stands there.",
        "traces": "Some of the traces in which it stands, ten at most.",
        "item_count": "How many items were found.",
        "Contamination.trace_count": "How many traces an item stands in.",
        "FoundItem.trace_count": "How many traces it stands in.",
        "near": "Takes away what is nearly the same as a better trace.",
        "threshold": "The similarity, a Jaccard index of shingles, from which on a trace goes.",
        "text": "What is compared: `solution`, which is steps and final answer, or `all`.",
        "across_answers": "Whether traces with different final answers are compared.",
        "near_refused": "How often a trace found no room among those with which others are "
        "compared: what is like it alone stays.",
        "near_uncompared": "How many traces stay that may be like others with which they were not "
        "compared.",
        "split_near": "Where prompts that are nearly the same share a split: how far that is sure.",
        "refused": "How often a prompt found no room among those with which others are compared: "
        "what is like it alone may be in another split.",
        "uncompared": "How many prompts may be like others of another split with which they were "
        "not compared.",
        "verify": "Keeps traces with a score of at least so much.",
        "verified_by": "The scores by which traces were kept.",
        "counted_by": "The scores by which the number of tokens was told.",
        "tokens": "Of so many tokens, as the score `tokens:NAME` counts them.",
        "tokenizer": "The name of a tokenizer that is there.",
        "TokensRequest.min": "The least number of tokens.",
        "Tokens.min": "The least number of tokens.",
        "TokensRequest.max": "The greatest number of tokens; null for any.",
        "Tokens.max": "The greatest number of tokens; null for any.",
        "min": "The least score that is kept.",
        "pass_rate": "Of prompts, of whose scored attempts such a share passes.",
        "PassRateRequest.min": "The least share of attempts that pass.",
        "PassRate.min": "The least share of attempts that pass.",
        "max": "The greatest share.",
        "min_attempts": "How many scored attempts a prompt needs.",
        "missing": "What becomes of a trace without that score; `score`: it gets "
        "one before the build, by the server's scorer.",
        "undecided": "What becomes of a trace whose score could not be decided.",
        "dedupe": "Takes away what is nearly the same, keeps some of the attempts at a prompt, and "
        "says which are the best.",
        "per_prompt": "How many attempts at one prompt are kept.",
        "distinct_answers": "Keeps one attempt for each final answer to a prompt.",
        "keep": "Which attempts are the best: by the first of these that tells, then by the seed.",
        "by": "`length`, or `score:NAME`.",
        "order": "`desc`: the greatest first.",
        "stratify_by": "`meta.KEY`: each value of it gets its share of the limit.",
        "weights": "The shares: `proportional`, `equal`, or one for each value, which sum to 1.",
        "not": "Filters: traces that match them are left out.",
        "pair": "Makes pairs of a better and a worse attempt at one prompt, for preference data.",
        "rules": "What makes an attempt better: `right_over_wrong`, a right answer; "
        "`approved_over_rejected`, the verdict; `preferred`, what people prefer; `shorter_right`, "
        "of two right ones the shorter. The first rule that makes a pair counts.",
        "PairingRequest.per_prompt": "How many pairs a prompt gives at most, in each split.",
        "Pairing.per_prompt": "How many pairs a prompt gives at most, in each split.",
        "max_longer_share": "The largest share of the pairs of a split whose better attempt is the "
        "longer.",
        "pairs": "How many pairs the step made.",
        "not_paired": "Why no more, and how many for each reason.",
        "paired_by": "The scores by which right answers were told from wrong ones.",
        "Why.in": "Whether the trace is in the dataset.",
        "samples": "Of each step that takes traces away, ten of these.",
        "because": "What tells it: the trace that stays instead, the score, or the item.",
        "sampled": "Where more than 200,000 match, how many did and how many were looked at, in "
        "which proportion the limit and the counts of splits are taken.",
        "matched": "How many match.",
        "taken": "How many of them were looked at.",
        "PreviewAnswer.splits": "How many each split would get.",
        "position": "At which position.",
        "cluster": "The trace itself, where others that are nearly the same went for it; null "
        "where none did, or nobody looked for any.",
        "group": "What it shares its split with, where that is more than a prompt: the smallest "
        "hash of prompts that are nearly the same, or the value of meta.",
        "reason": "Why the step took it away.",
        "evidence": "What tells it: the trace that stays instead, the score, or the item and its "
        "words; null where the reason says all.",
        "split": "Of this split alone.",
        "session_id": "A note of yours.",
        "training_run_id": "A note of yours.",
        "parent_dataset_id": "The key of the dataset that it was made from, here or elsewhere.",
        "provenance": "Any object of yours.",
        "stats": "Counts of traces, steps and characters; `by_split` has histograms between "
        "`edges`.",
        "format": "The format's name.",
        "version": "Within which its bytes never change.",
        "row_count": "How many rows an export has.",
        "left_out": "How many rows an export leaves out, by what they hold that the format cannot "
        "say, or lack; one of several reasons counts under the first.",
        "trace_ids": "The ids of its traces, in order.",
    }
)
