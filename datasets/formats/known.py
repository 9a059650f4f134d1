"""The formats that there are, in the order in which they are shown, and what routes call them."""

from datasets.formats.containers import LINES, PARQUET, Container
from datasets.formats.format import Format
from datasets.formats.record import RECORD
from datasets.formats.table import TABLE
from datasets.formats.trace import TRACE
from datasets.formats.training_example import TRAINING_EXAMPLE
from datasets.formats.tunix_sft import TUNIX_SFT

FORMATS: dict[str, Format] = {
    fmt.name: fmt for fmt in (TRACE, TUNIX_SFT, TRAINING_EXAMPLE, RECORD, TABLE)
}


def _in(container: Container) -> dict[str, tuple[Format, Container]]:
    return {name: (fmt, container) for name, fmt in FORMATS.items() if container in fmt.containers}


OLD_NAME = "parquet"  # of the table, from when there was no other Parquet
AS_LINES = _in(LINES) | {OLD_NAME: (TABLE, PARQUET)}
AS_PARQUET = _in(PARQUET)
