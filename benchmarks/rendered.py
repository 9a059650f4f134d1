"""The lines of exports, rendered in SQL."""

CREATED_AT = """to_char({}created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
OURS = f"""'created_at', {CREATED_AT.format("trace.")}, 'trace_version', trace.trace_version"""
RESPONSE = """'Reasoning:' || (
    SELECT string_agg(E'\\n' || number || '. ' || (step ->> 'content'), '' ORDER BY number)
    FROM jsonb_array_elements(trace.steps) WITH ORDINALITY AS numbered (step, number)
) || E'\\nAnswer: ' || trace.final_answer"""
THOUGHT = """(
    SELECT string_agg(step ->> 'content', E'\\n\\n' ORDER BY number)
    FROM jsonb_array_elements(trace.steps) WITH ORDINALITY AS numbered (step, number)
)"""
QUESTION = "json_build_object('role', 'user', 'content', trace.prompt)"
TURNS = "E'<start_of_turn>user\\n' || trace.prompt || E'<end_of_turn>\\n<start_of_turn>model\\n'"
TEXT = f"{THOUGHT} || E'\\n\\n' || trace.final_answer"
ABOUT = f"trace.meta || jsonb_build_object('source_trace_id', trace.id, {OURS})"
METADATA = f"({ABOUT})::text"
# What the formats give for rows whose texts hold no control token, which the data do not.
RENDERED = {
    "trace": f"""json_build_object(
        'id', trace.id, 'prompts', trace.prompt,
        'trace_steps', jsonb_path_query_array(trace.steps, '$[*].content'),
        'final_answer', trace.final_answer,
        'metadata', trace.meta || jsonb_build_object({OURS})
    )""",
    "tunix_sft": f"""json_build_object(
        'id', trace.id,
        'prompts', E'<start_of_turn>user\\n' || trace.prompt
            || E'<end_of_turn>\\n<start_of_turn>model\\n' || {RESPONSE} || '<end_of_turn>',
        'final_answer', trace.final_answer,
        'metadata', trace.meta || jsonb_build_object({OURS}, 'format', 'tunix_sft')
    )""",
    # its own id is a hash that SQL has no function for: another of the same length stands for it
    "training_example": f"""json_build_object(
        'id', dataset.build_id,
        'prompt', trace.prompt || E'\\n\\nPlease show your reasoning steps.',
        'response', {RESPONSE},
        'metadata', trace.meta || jsonb_build_object('source_trace_id', trace.id, {OURS})
    )""",
    "chat": f"""json_build_object(
        'prompt', json_build_array({QUESTION}),
        'completion', json_build_array(json_build_object(
            'role', 'assistant', 'content', trace.final_answer, 'reasoning_content', {THOUGHT}
        )),
        'metadata', {METADATA}
    )""",
    "messages": f"""json_build_object(
        'messages', json_build_array(
            json_build_object('role', 'user', 'content', trace.prompt, 'reasoning_content', ''),
            json_build_object(
                'role', 'assistant', 'content', trace.final_answer, 'reasoning_content', {THOUGHT}
            )
        ),
        'metadata', {METADATA}
    )""",
    "prompt_completion": f"""json_build_object(
        'prompt', trace.prompt,
        'completion', {TEXT},
        'metadata', {METADATA}
    )""",
    "unpaired": f"""json_build_object(
        'prompt', trace.prompt,
        'completion', {TEXT},
        'label', review.verdict = 'approved',
        'metadata', {METADATA}
    )""",
    "stepwise": f"""json_build_object(
        'prompt', trace.prompt,
        'completions', jsonb_path_query_array(trace.steps, '$[*].content'),
        'labels', (
            SELECT json_agg(
                coalesce((review.step_labels ->> (step ->> 'i'))::int, 0) >= 0 ORDER BY number
            ) FROM jsonb_array_elements(trace.steps) WITH ORDINALITY AS numbered (step, number)
        ),
        'metadata', {METADATA}
    )""",
    "grpo": f"""json_build_object(
        'prompt', json_build_array({QUESTION}),
        'prompt_text', {TURNS},
        'question', trace.prompt,
        'answer', asked.reference,
        'metadata', (
            trace.meta
            || jsonb_build_object('source_trace_id', trace.id, {OURS}, 'attempts', asked.attempts)
        )::text
    )""",
    "tunix_tagged": f"""json_build_object(
        'id', trace.id,
        'prompts', {TURNS} || '<reasoning>' || {THOUGHT}
            || E'</reasoning>\\n<answer>' || trace.final_answer || '</answer><end_of_turn>',
        'final_answer', trace.final_answer,
        'metadata', (
            trace.meta || jsonb_build_object({OURS}, 'format', 'tunix_tagged')
        )::text
    )""",
    "record": f"""json_build_object(
        'trace_version', trace.trace_version, 'prompt', trace.prompt,
        'final_answer', trace.final_answer, 'steps', trace.steps, 'meta', trace.meta,
        'id', trace.id, 'created_at', {CREATED_AT.format("trace.")}, 'status', trace.status,
        'tags', trace.tags,
        'scores', (
            SELECT coalesce(json_agg(json_build_object(
                'criteria', criteria, 'scorer_version', scorer_version, 'value', value,
                'details', details, 'created_at', {CREATED_AT.format("score.")}
            )), '[]') FROM traces_score AS score WHERE score.trace_id = trace.id
        ),
        'split', item.split, 'original', trace.original
    )""",
}


def _of(side: str, sql: str) -> str:
    return sql.replace("trace.", f"{side}.")


ABOUT_BOTH = f"""jsonb_build_object(
    'chosen', {_of("chosen", ABOUT)}, 'rejected', {_of("rejected", ABOUT)}
)::text"""
PAIRS_RENDERED = {
    "preference": f"""json_build_object(
        'prompt', chosen.prompt,
        'chosen', {_of("chosen", TEXT)},
        'rejected', {_of("rejected", TEXT)},
        'margin', item.margin,
        'reason', item.reason,
        'metadata', {ABOUT_BOTH}
    )""",
    "preference_tunix": f"""json_build_object(
        'prompts', {_of("chosen", TURNS)},
        'chosen_responses', {_of("chosen", TEXT)} || '<end_of_turn>',
        'rejected_responses', {_of("rejected", TEXT)} || '<end_of_turn>',
        'metadata', {ABOUT_BOTH}
    )""",
}
ROWS = """
    FROM datasets_datasetitem AS item
    JOIN datasets_dataset AS dataset ON dataset.id = item.dataset_id
    JOIN traces_trace AS trace ON trace.id = item.trace_id
"""
OF_KEY = "WHERE dataset.key = %s"
REVIEWED = f"{ROWS} JOIN traces_review AS review ON review.id = item.review_id {OF_KEY}"
PROMPTS = f"""
    FROM (
        SELECT min(item.position) AS position, min(item.dataset_id) AS dataset_id,
            min(trace.meta ->> 'reference_answer') AS reference, count(*) AS attempts
        {ROWS} {OF_KEY} GROUP BY trace.prompt_hash
    ) AS asked
    JOIN datasets_datasetitem AS item USING (dataset_id, position)
    JOIN traces_trace AS trace ON trace.id = item.trace_id
"""
PAIRS = f"""
    FROM datasets_datasetpair AS item
    JOIN datasets_dataset AS dataset ON dataset.id = item.dataset_id
    JOIN traces_trace AS chosen ON chosen.id = item.chosen_id
    JOIN traces_trace AS rejected ON rejected.id = item.rejected_id
    {OF_KEY}
"""
OTHER_ROWS = {
    "unpaired": REVIEWED,
    "stepwise": REVIEWED,
    "grpo": PROMPTS,
    **dict.fromkeys(PAIRS_RENDERED, PAIRS),
}


def query_of(name: str) -> str:
    """Give the SQL of a format's lines in order, with the dataset's key as its parameter."""
    line = {**RENDERED, **PAIRS_RENDERED}[name]
    return f"SELECT {line} {OTHER_ROWS.get(name, ROWS + OF_KEY)} ORDER BY item.position"
