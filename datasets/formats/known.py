"""The formats that there are, in the order in which they are shown, and what routes call them."""

from datasets.formats.chat import CHAT
from datasets.formats.containers import LINES, PARQUET, Container
from datasets.formats.format import Format
from datasets.formats.grpo import GRPO
from datasets.formats.messages import MESSAGES
from datasets.formats.preference import PREFERENCE
from datasets.formats.preference_tunix import PREFERENCE_TUNIX
from datasets.formats.prompt_completion import PROMPT_COMPLETION
from datasets.formats.record import RECORD
from datasets.formats.stepwise import STEPWISE
from datasets.formats.table import TABLE
from datasets.formats.trace import TRACE
from datasets.formats.training_example import TRAINING_EXAMPLE
from datasets.formats.tunix_sft import TUNIX_SFT
from datasets.formats.tunix_tagged import TUNIX_TAGGED
from datasets.formats.unpaired import UNPAIRED

FORMATS: dict[str, Format] = {
    fmt.name: fmt
    for fmt in (
        *(TRACE, CHAT, MESSAGES, PROMPT_COMPLETION, PREFERENCE, UNPAIRED, GRPO, STEPWISE),
        *(TUNIX_SFT, TUNIX_TAGGED, PREFERENCE_TUNIX, TRAINING_EXAMPLE, RECORD, TABLE),
    )
}


def _in(container: Container) -> dict[str, tuple[Format, Container]]:
    return {name: (fmt, container) for name, fmt in FORMATS.items() if container in fmt.containers}


OLD_NAME = "parquet"  # of the table, from when there was no other Parquet
AS_LINES = _in(LINES) | {OLD_NAME: (TABLE, PARQUET)}
AS_PARQUET = _in(PARQUET)
