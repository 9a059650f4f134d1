"""The program that compares formulas with math-verify, a JSON array of two on each line of input.

It is run by path, loads nothing of the site, and may be killed at any time. Before the first answer
it says that it is ready. It ends when nobody asks it for so many seconds as its argument says, and
when it took too long or too much memory for one pair.
"""

import json
import logging
import resource
import select
import signal
import sys
from typing import Any

MAX_MEMORY_BYTES = 512 * 1024**2  # of addresses
MAX_CPU_SECONDS = 2.0  # for a pair
READY = "ready"  # as who asks expects it


def main(idle_seconds: float) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    logging.disable()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's interrupt is for who asks
    signal.signal(signal.SIGPROF, signal.SIG_DFL)  # ends the process
    compared = comparer()
    tell(READY)
    while select.select([sys.stdin], [], [], idle_seconds)[0]:
        line = sys.stdin.readline()
        if not line:
            return
        signal.setitimer(signal.ITIMER_PROF, MAX_CPU_SECONDS)
        answer = compared(*json.loads(line))
        signal.setitimer(signal.ITIMER_PROF, 0)
        tell(answer)


def tell(answer: str) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def comparer() -> Any:
    """Load math-verify, which takes a second, and give what compares."""
    from math_verify import LatexExtractionConfig, parse, verify

    latex = [LatexExtractionConfig()]

    def read(formula: str) -> list[Any]:
        found: list[Any] = parse(
            f"${formula}$",
            latex,
            fallback_mode="no_fallback",
            parsing_timeout=None,
            raise_on_error=True,
        )
        return found

    def compared(answer: str, reference: str) -> str:
        """Say right, wrong, or why neither."""
        try:
            left, right = read(answer), read(reference)
            if not left or not right:
                return "no formula"
            is_same = verify(
                right,
                left,
                timeout_seconds=None,
                allow_set_relation_comp=True,
                raise_on_error=True,
            )
        except MemoryError:
            sys.exit(1)  # what is left of the memory is not known
        except Exception:  # whatever SymPy stumbles over
            return "not comparable"
        return "right" if is_same else "wrong"

    return compared


if __name__ == "__main__":
    main(float(sys.argv[1]))
