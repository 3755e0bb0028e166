"""Bound statements."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, TypeAlias

from paasq_dsl.bound.expressions import BoundExpression
from paasq_dsl.bound.query import BoundQuery
from paasq_dsl.bound.writes import BoundTransaction
from paasq_dsl.catalog import Collection, Field, View
from paasq_dsl.retention import HistoryBound
from paasq_dsl.source_text import DUMMY_SPAN, Span
from paasq_dsl.types import Type


@dataclass(frozen=True, slots=True)
class BoundCreateCollection:
    """A collection to create. Ids are not yet given: the store does, when it writes the catalog."""

    collection: Collection
    span: Span = field(default=DUMMY_SPAN, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class BoundParameter:
    """`param $name: type = default`: a value that each run gives; required where `default` is None."""

    name: str
    type: Type
    default: BoundExpression | None
    doc: str = ""


@dataclass(frozen=True, slots=True)
class BoundLet:
    """`let name = from ...`: a named pipeline; its uses are already inlined in the statements after it."""

    name: str
    query: BoundQuery
    doc: str = ""


@dataclass(frozen=True, slots=True)
class BoundCommand:
    """Every statement that shows or changes schemas, views or snapshots; and the dry run of writes.

    `keyword` is what the statement is called where it is refused; `writes` is true of those that change anything that lasts;
    `changes_catalog` of those after which the rest of a text must be bound anew; `reads_index` of those that run on a view of
    the indexes.
    """

    keyword: ClassVar[str]
    writes: ClassVar[bool] = False
    changes_catalog: ClassVar[bool] = False
    reads_index: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class BoundShow(BoundCommand):
    """`kind` is collections, views, functions, stages, snapshots, retention, forgotten, or fields of `collection`."""

    keyword: ClassVar[str] = "show"
    reads_index: ClassVar[bool] = True
    kind: str
    collection: Collection | None = None


@dataclass(frozen=True, slots=True)
class BoundDescribe(BoundCommand):
    """`kind` is collection, view, function or stage."""

    keyword: ClassVar[str] = "describe"
    reads_index: ClassVar[bool] = True
    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class BoundCreateView(BoundCommand):
    """`pipeline_span` covers the text of the pipeline, which the catalog keeps."""

    keyword: ClassVar[str] = "view"
    writes: ClassVar[bool] = True
    changes_catalog: ClassVar[bool] = True
    view: View
    query: BoundQuery
    pipeline_span: Span


@dataclass(frozen=True, slots=True)
class BoundDropView(BoundCommand):
    """`drop view name`: removes the view from the catalog."""

    keyword: ClassVar[str] = "drop view"
    writes: ClassVar[bool] = True
    changes_catalog: ClassVar[bool] = True
    view: View


@dataclass(frozen=True, slots=True)
class BoundDropCollection(BoundCommand):
    """Refused when it runs where the collection has records, unless `and_records`."""

    keyword: ClassVar[str] = "drop collection"
    writes: ClassVar[bool] = True
    changes_catalog: ClassVar[bool] = True
    collection: Collection
    and_records: bool


@dataclass(frozen=True, slots=True)
class BoundAlterCollection(BoundCommand):
    """`action` is add, drop, rename, retype or redefine; `old_fields` and `new_fields` the fields concerned (all members of an
    object): none before an add, none after a drop. `altered_collection` is the collection with the change."""

    keyword: ClassVar[str] = "alter"
    writes: ClassVar[bool] = True
    changes_catalog: ClassVar[bool] = True
    collection: Collection
    altered_collection: Collection
    action: str
    old_fields: tuple[Field, ...]
    new_fields: tuple[Field, ...]
    span: Span = field(default=DUMMY_SPAN, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class BoundSetRetention(BoundCommand):
    """`altered_collection` is the collection with other settings of how long it keeps what; `change` says which, as written."""

    keyword: ClassVar[str] = "alter"
    writes: ClassVar[bool] = True
    changes_catalog: ClassVar[bool] = True
    collection: Collection
    altered_collection: Collection
    change: str


@dataclass(frozen=True, slots=True)
class BoundSetStoreHistory(BoundCommand):
    """The store's own bound of history; None for the default."""

    keyword: ClassVar[str] = "alter"
    writes: ClassVar[bool] = True
    changes_catalog: ClassVar[bool] = True
    history: HistoryBound | None


@dataclass(frozen=True, slots=True)
class BoundDryrun(BoundCommand):
    """`dryrun write`: what the transaction would do, without applying it."""

    keyword: ClassVar[str] = "dryrun"
    transaction: BoundTransaction


@dataclass(frozen=True, slots=True)
class BoundForget(BoundCommand):
    """Erases the record with key `key`, live or deleted, or the live ones that `query` chooses, exactly one of the two being
    set: all their versions; `with_snapshots` in the store's snapshots too."""

    keyword: ClassVar[str] = "forget"
    writes: ClassVar[bool] = True
    collection: Collection
    key: str | None
    query: BoundQuery | None
    with_snapshots: bool
    span: Span = field(default=DUMMY_SPAN, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class BoundForgetPreview(BoundCommand):
    """`dryrun forget`: what would go, without erasing it."""

    keyword: ClassVar[str] = "dryrun"
    forget: BoundForget


@dataclass(frozen=True, slots=True)
class RowIdentity:
    """What identifies a row: these columns, or the records that they are made of where it is None; and of the rows that
    stages such as expand made of one row its place among them, for each of `places` such stages."""

    columns: tuple[str, ...] | None = None
    places: int = 0


@dataclass(frozen=True, slots=True)
class BoundWatch(BoundCommand):
    """Push the `events` (enter, change, leave) of a query's rows, from `resume_after` on, a sequence number or a cursor.
    The rows depend on `collections_read`, and where `time_dependent` on the time of evaluation."""

    keyword: ClassVar[str] = "watch"
    query: BoundQuery
    events: tuple[str, ...]
    resume_after: BoundExpression | None
    identity: RowIdentity
    collections_read: tuple[str, ...]
    time_dependent: bool
    span: Span = field(default=DUMMY_SPAN, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class BoundCreateSnapshot(BoundCommand):
    """`snapshot name`: creates a snapshot; `name` is a string."""

    keyword: ClassVar[str] = "snapshot"
    writes: ClassVar[bool] = True
    name: BoundExpression


@dataclass(frozen=True, slots=True)
class BoundVerifySnapshot(BoundCommand):
    """`verify snapshot name`: compares a snapshot with its checksums; `name` is a string."""

    keyword: ClassVar[str] = "verify"
    name: BoundExpression


@dataclass(frozen=True, slots=True)
class BoundResolveCitations(BoundCommand):
    """What citations name: `citations` is a string or a list of such."""

    keyword: ClassVar[str] = "resolve"
    reads_index: ClassVar[bool] = True
    citations: BoundExpression


BoundStatement: TypeAlias = (
    BoundQuery | BoundTransaction | BoundCreateCollection | BoundCommand | BoundParameter | BoundLet
)
