"""Vectors in an archive: one array of NumPy's format for a field, and beside it a line for each row that says whose it is."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.lib import format as npy_format

from paasq_daemon.archive.zip_reader import ArchiveReader, damaged
from paasq_daemon.archive.zip_writer import ArchiveWriter

_FLOAT_BYTES = 4


def write_vectors(
    archive: ArchiveWriter, name: str, owners: Iterable[Any], rows: Iterable[bytes], count: int, size: int
) -> None:
    """`name`.npy, float32[count, size] in little endian, and `name`.owners.jsonl with as many lines."""
    with archive.member(f"{name}.owners.jsonl") as member:
        for owner in owners:
            member.write_line(owner)
    header = io.BytesIO()
    npy_format.write_array_header_1_0(header, {"descr": "<f4", "fortran_order": False, "shape": (count, size)})
    with archive.member(f"{name}.npy", compressed=False) as member:
        member.write(header.getvalue())
        for row in rows:
            member.write(row)


def read_vectors(archive: ArchiveReader, name: str) -> Iterator[tuple[Any, bytes]]:
    """The owner and the vector of each row, float32 in little endian."""
    array = f"{name}.npy"
    with archive.member(array) as member:
        try:
            version = npy_format.read_magic(member)
            shape, fortran_order, dtype = npy_format.read_array_header_1_0(member)
        except ValueError as error:
            raise damaged(archive.path, array, str(error)) from error
        if version != (1, 0) or fortran_order or dtype != np.dtype("<f4") or len(shape) != 2:
            raise damaged(archive.path, array, "it is no array of float32 rows")
        owners = 0
        for owner in archive.lines(f"{name}.owners.jsonl"):
            row = member.read(shape[1] * _FLOAT_BYTES)
            if len(row) != shape[1] * _FLOAT_BYTES:
                raise damaged(archive.path, array, f"row {owners + 1} is missing")
            owners += 1
            yield owner, row
        if owners != shape[0]:
            raise damaged(archive.path, array, f"it has {shape[0]:,} rows, and {owners:,} owners")
