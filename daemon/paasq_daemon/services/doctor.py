"""Examining a store that no process has open, part by part, without changing anything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from paasq_daemon.services.index_audit import audit_columns, audit_text
from paasq_daemon.store.data_folder import STORE_NAME, read_format
from paasq_daemon.store.format1 import FORMAT as FORMAT_1
from paasq_daemon.store.format1 import require_whole
from paasq_daemon.store.integrity_check import check_integrity
from paasq_daemon.store.lmdb_environment import DATA_NAME
from paasq_daemon.store.open_data_file import check_format, open_readonly_view
from paasq_daemon.store.page_walk import DataFileStructure, walk_data_file
from paasq_daemon.store.read_view import ReadView
from paasq_daemon.store.tables import TABLE_NAMES
from paasq_daemon.wire.errors import StoreError
from paasq_dsl.types import TypeKind

_TABLES = ("bodies", "live", "vectors", "pending", "journal", "forgotten")
FINDINGS_SHOWN_MAX = 100  # of one part


@dataclass(frozen=True, slots=True)
class Part:
    """`checked` counts what the part consists of: pages, entries, values or files. `findings` are in words."""

    name: str
    checked: int
    findings: list[str]


@dataclass
class Diagnosis:
    """What was examined, in order. `notes` are no damage."""

    folder: Path
    seq: int | None = None
    parts: list[Part] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def is_sound(self) -> bool:
        """Whether no part has a finding."""
        return not any(part.findings for part in self.parts)

    @property
    def is_structure_sound(self) -> bool:
        """Whether LMDB can read the data file."""
        return self.seq is not None and not self.of("data file").findings

    @property
    def is_data_sound(self) -> bool:
        """Whether all that is not derived is whole."""
        return self.is_structure_sound and not any(self.of(name).findings for name in (*_TABLES, "counters"))

    def of(self, name: str) -> Part:
        """Raises StopIteration where the part was not examined."""
        return next(part for part in self.parts if part.name == name)

    def to_json(self) -> dict[str, Any]:
        """For programs; at most 100 findings of each part."""
        parts = [
            {
                "part": p.name,
                "checked": p.checked,
                "found": len(p.findings),
                "findings": p.findings[:FINDINGS_SHOWN_MAX],
            }
            for p in self.parts
        ]
        return {
            "folder": str(self.folder),
            "seq": self.seq,
            "sound": self.is_sound,
            "parts": parts,
            "notes": self.notes,
        }


def diagnose(folder: Path) -> Diagnosis:
    """Examine the store of a data folder, whose lock the caller holds, or which nobody can write.

    Where the structure of the data file is damaged, nothing else is examined: LMDB may crash on such a file. Raises
    FormatTooNew, and StoreError where there is no store, not even the header of its data file can be read, or its format is an
    earlier one, which says whether it is damaged.
    """
    if read_format(folder) == FORMAT_1:
        require_whole(folder)
    check_format(folder)
    data_file = folder / STORE_NAME / DATA_NAME
    if not data_file.exists():
        raise StoreError(
            f"{data_file} is gone", "restore a snapshot into a new folder: `paasq snapshot restore NAME FOLDER`"
        )
    found = Diagnosis(folder)
    try:
        structure = walk_data_file(data_file)
    except OSError as error:
        raise StoreError(f"{data_file} cannot be read: {error.strerror}", "mend its owner and mode") from error
    found.parts.append(Part("data file", structure.pages_used + structure.pages_free, structure.faults))
    if not structure.faults:
        _examine(folder, structure, found)
    return found


def _examine(folder: Path, structure: DataFileStructure, found: Diagnosis) -> None:
    try:
        with open_readonly_view(folder) as view:
            found.seq = view.seq
            _examine_tables(view, structure, found)
            found.parts += [_unique(view), _links(view, found.notes)]
            found.parts += [Part("columns", *audit_columns(folder, view)), Part("text", *audit_text(folder, view))]
    except StoreError as error:
        found.parts.append(Part("counters", _entries_by_table(structure).get("meta", 0), [error.message]))


def _examine_tables(view: ReadView, structure: DataFileStructure, found: Diagnosis) -> None:
    findings = check_integrity(view)
    entries = _entries_by_table(structure)
    for name in (*_TABLES, "counters"):
        checked = entries.get("meta" if name == "counters" else name, 0)
        found.parts.append(Part(name, checked, [str(each) for each in findings if each.part == name]))


def _entries_by_table(structure: DataFileStructure) -> dict[str, int]:
    return {TABLE_NAMES.get(stored, stored): count for stored, count in structure.entries.items()}


def _unique(view: ReadView) -> Part:
    """Values of unique fields that several live records have."""
    findings, count = [], 0
    for collection in view.catalog.collections.values():
        unique = [f for f in collection.fields if f.unique and f.name != collection.key]
        owners: dict[tuple[int, Any], str] = {}
        for record in view.scan_readable(collection.id) if unique else ():
            for each in unique:
                value = record.fields.get(each.id)
                if value is None:
                    continue
                count += 1
                other = owners.setdefault((each.id, value), record.key)
                if other != record.key:
                    findings.append(
                        f"{collection.name}.{each.name} is unique, and {collection.name}:{record.key} and "
                        f"{collection.name}:{other} have {value!r}"
                    )
    return Part("unique", count, findings)


def _links(view: ReadView, notes: list[str]) -> Part:
    """A link may lead to no record, as after a delete: that is a note. One that is no key at all is damage."""
    count, findings = 0, []
    nowhere: Counter[str] = Counter()
    for collection in view.catalog.collections.values():
        links = [f for f in collection.fields if (f.type.item or f.type).kind is TypeKind.LINK]
        for record in view.scan_readable(collection.id) if links else ():
            for each in links:
                target = view.catalog.collections.get(str((each.type.item or each.type).name))
                for value in _values(record.fields.get(each.id, each.default)):
                    count += 1
                    if not isinstance(value, str):
                        findings.append(f"{collection.name}:{record.key}: {each.name} is {value!r}, which is no key")
                    elif target is None or not value or view.ordinal(target.id, value) is None:
                        nowhere[f"{collection.name}.{each.name}"] += 1
    notes += [f"{number:,} links of {name} lead to no record" for name, number in nowhere.items()]
    return Part("links", count, findings)


def _values(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        yield from value
    elif value is not None:
        yield value
