"""Near duplicates by datasketch, as its documentation has it, over shingles of three words.

    python benchmarks/datasketch_near.py TEXTS.json THRESHOLD

Runs in an environment of its own. Writes `{"seconds", "left"}` to stdout: processor time, and how
many texts nothing before them was like.
"""

import json
import re
import sys
import time
from pathlib import Path

from datasketch import MinHash, MinHashLSH


def main() -> None:
    texts, threshold = json.loads(Path(sys.argv[1]).read_text()), float(sys.argv[2])
    started = time.process_time()
    left = MinHashLSH(threshold=threshold, num_perm=128)
    count = 0
    for number, text in enumerate(texts):
        words = re.findall(r"\w+", text.lower())
        minhash = MinHash(num_perm=128)
        minhash.update_batch(
            [" ".join(words[start : start + 3]).encode() for start in range(len(words) - 2)]
        )
        if not left.query(minhash):
            left.insert(number, minhash)
            count += 1
    print(json.dumps({"seconds": time.process_time() - started, "left": count}))


if __name__ == "__main__":
    main()
