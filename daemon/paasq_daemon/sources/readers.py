"""The reader of a file, by its extension."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from paasq_daemon.sources.csv_reader import read_csv
from paasq_daemon.sources.input_record import Reader
from paasq_daemon.sources.jsonl_reader import read_jsonl
from paasq_daemon.wire.errors import PaasqError

READERS: Mapping[str, Reader] = {".jsonl": read_jsonl, ".ndjson": read_jsonl, ".csv": read_csv}


def reader_of(path: Path) -> Reader:
    """`mails.jsonl`, `mails.csv.gz`. Raises PaasqError on another name."""
    suffix = Path(path.name.removesuffix(".gz")).suffix.lower()
    if suffix not in READERS:
        raise PaasqError(
            f"{path.name} has a name of no known format", f"names end with {', '.join(READERS)}, with or without .gz"
        )
    return READERS[suffix]
