"""A Parquet table of what the traces say, whose columns are always the same."""

from datasets.formats.containers import PARQUET
from datasets.formats.format import Format
from datasets.formats.options import Metadata
from datasets.formats.rows import TableRow

TABLE = Format(
    name="parquet", version=2, container=PARQUET, row=TableRow, metadata=(Metadata.JSON,)
)
