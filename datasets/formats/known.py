"""The formats that there are, in the order in which they are shown."""

from datasets.formats.format import Format
from datasets.formats.record import RECORD
from datasets.formats.table import TABLE
from datasets.formats.trace import TRACE
from datasets.formats.training_example import TRAINING_EXAMPLE
from datasets.formats.tunix_sft import TUNIX_SFT

FORMATS: dict[str, Format] = {
    fmt.name: fmt for fmt in (TRACE, TUNIX_SFT, TRAINING_EXAMPLE, RECORD, TABLE)
}
