"""The folder of the indexes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

INDEX_NAME = "index"  # in the data folder


@contextmanager
def linked_index_folder(folder: Path) -> Iterator[Path]:
    """A temporary folder of links to the index files of a data folder: what opens them there makes and changes none."""
    with TemporaryDirectory(prefix="paasq-index-") as scratch:
        for path in sorted((folder / INDEX_NAME).rglob("*")):
            link = Path(scratch) / path.relative_to(folder / INDEX_NAME)
            if path.is_dir():
                link.mkdir(mode=0o700)
            elif path.suffix != ".lock":  # which Tantivy opens for writing
                link.symlink_to(path.absolute())
        yield Path(scratch)
