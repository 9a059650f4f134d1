"""What a client sends."""


def trace(**changes) -> dict:
    return {
        "trace_version": "1.0",
        "prompt": "What is 2 plus 2?",
        "final_answer": "4",
        "steps": [{"i": 0, "type": "reasoning", "content": "Two and two make four."}],
        **changes,
    }
