"""Well-typed query texts of chance over a world, drawn so that Hypothesis can make a failing one small."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

from hypothesis import strategies as st

from paasq_daemon.wire.value_codecs import encode
from paasq_dsl.functions.signature import FunctionKind
from paasq_dsl.syntax.lexer import format_record_ref, format_string
from paasq_dsl.types import BOOL, DURATION, FLOAT, INT, KEYWORD, TEXT, TIME, Type, TypeKind, list_of
from paasq_dsl.values import format_time
from properties.around import look_around
from properties.brackets import among, listed
from properties.calls import call
from properties.shaping import SHAPES
from properties.worlds import CHOICES, WORDS, World

T = TypeVar("T")
Columns = dict[str, Type]
ZONES = ("", "", 'zone "Europe/Oslo"; ', 'zone "America/St_Johns"; ')
_COMPARED = (TypeKind.KEYWORD, TypeKind.INT, TypeKind.FLOAT, TypeKind.TIME, TypeKind.DURATION, TypeKind.BOOL)
_ORDERED = (*_COMPARED, TypeKind.TEXT, TypeKind.LINK)


class Writer:
    """Writes parts of a text. `number` gives one of a range, both ends counted, by chance: the lower, the simpler."""

    def __init__(self, number: Callable[[int, int], int], world: World, *, declares: bool = False) -> None:
        """`declares`: now and then a parameter or @now takes the place of a value, and a query reads the past."""
        self.number = number
        self.world = world
        self.declares = declares
        self.parameters: dict[str, tuple[Type, Any]] = {}  # with their values in JSON
        self.brackets = 0  # that hold pipelines, around what is being written
        self._names = 0
        self.zone = self.pick(ZONES) if declares else ""

    def pick(self, choices: Sequence[T]) -> T:
        return choices[self.number(0, len(choices) - 1)]

    def fresh(self) -> str:
        self._names += 1
        return f"c{self._names}"

    def literal(self, type_: Type) -> str:
        """Of a type, now and then null."""
        return "null" if self.number(0, 19) == 19 else self.present(type_)

    def present(self, type_: Type) -> str:
        if self.declares and type_.kind in CHOICES and self.number(0, 9) == 9:
            return self.parameter(type_)
        match type_.kind:
            case TypeKind.LIST:
                assert type_.item is not None
                return self.some(type_.item)
            case TypeKind.LINK:
                name = str(type_.name)
                return f"{name}:{name[0]}{self.number(0, 29)}"
            case TypeKind.TEXT:
                return format_string(" ".join(self.pick(WORDS) for _ in range(self.number(0, 2))))
            case kind:
                text = written(self.pick(CHOICES[kind]), type_)
                return text.removesuffix("Z") if kind is TypeKind.TIME and self.number(0, 1) else text

    def parameter(self, type_: Type) -> str:
        if type_.kind is TypeKind.TIME and self.number(0, 1):
            return self.pick(["@now", "@today", "@yesterday", "@tomorrow"])
        name = self.fresh()
        self.parameters[name] = type_, encode(self.pick((None, *CHOICES[type_.kind])), type_)
        return f"${name}"

    def declarations(self) -> str:
        return "".join(f"param ${name}: {type_};\n" for name, (type_, _) in self.parameters.items()) + self.zone

    def some(self, item: Type, least: int = 0) -> str:
        """A list; with `least` 1 one whose type can be told."""
        items = [self.present(item) for _ in range(least)] + [self.literal(item) for _ in range(self.number(0, 3))]
        return f"[{', '.join(items)}]"

    def value(self, type_: Type, columns: Columns, depth: int = 2) -> str:
        """An expression of this type: a literal, a column, or a function of such."""
        named = [name for name, t in columns.items() if t == type_]
        ways = ["literal", *(["column"] * 2 if named else []), *(["operator", "call", "call"] if depth else [])]
        match self.pick(ways):
            case "column":
                return self.pick(named)
            case "operator" if (makers := _OPERATORS.get(type_.kind)) is not None:
                return self.pick(makers)(self, columns, depth - 1)
            case "call" if (written := call(self, type_, columns, depth - 1)) is not None:
                return written
            case _:
                return self.present(type_)

    def condition(self, columns: Columns, depth: int = 2) -> str:
        kind = self.number(0, 9 if depth else 6)
        if kind == 7:
            return (
                f"not {self.condition(columns, depth - 1)}" if self.number(0, 1) else f"({self.both(columns, depth)})"
            )
        if kind > 7:
            return f"({self.both(columns, depth)})"
        name = self.pick(sorted(columns))
        type_ = columns[name]
        if type_.kind is TypeKind.LIST:
            assert type_.item is not None
            return self.pick([
                f"{name} has {self.literal(type_.item)}", f"{name} has any {self.literal(type_)}",
                f"{name} has all {self.literal(type_)}",
                f"{name} has {self.pick(['any', 'all'])} {listed(Pipeline(self), type_.item)}",
                f"length({name}) {self.comparison()} {self.number(0, 2)}",
                f"{self.literal(type_.item)} in {name}", f"{name} == {self.literal(type_)}", f"is_null({name})",
            ])  # fmt: skip
        return self.pick(_CONDITIONS)(self, name, type_, columns, max(depth - 1, 0))

    def both(self, columns: Columns, depth: int) -> str:
        return f" {self.pick(['and', 'or'])} ".join(
            self.condition(columns, depth - 1) for _ in range(self.number(2, 3))
        )

    def comparison(self, type_: Type = INT) -> str:
        return self.pick(["==", "!="] if type_.kind is TypeKind.BYTES else ["==", "!=", "<", "<=", ">", ">="])


def written(value: Any, type_: Type) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return format_string(value)
    if isinstance(value, bytes):
        return f'base64_decode("{b64encode(value).decode()}")'
    return f"@{format_time(value)}" if type_.kind is TypeKind.TIME else str(value)


_CONDITIONS: tuple[Callable[[Writer, str, Type, Columns, int], str], ...] = (
    lambda w, name, t, _c, _d: f"{name} {w.comparison(t)} {w.literal(t)}",
    lambda w, name, t, c, d: f"{name} {w.comparison(t)} {w.value(t, c, d)}",
    lambda w, name, t, c, d: f"{w.value(t, c, d)} {w.comparison(t)} {name}",
    lambda w, name, t, _c, _d: f"{name} {w.pick(['in', 'not in'])} {w.some(t)}"
    if t.kind is not TypeKind.BOOL else f"{name}",
    lambda w, name, t, _c, _d: f"{name} {w.pick(['in', 'not in'])} {listed(Pipeline(w), t)}",
    lambda w, name, t, _c, _d: f"{name} {w.pick(['in', 'not in'])} {w.literal(t)}..{w.literal(t)}"
    if t.kind in {TypeKind.INT, TypeKind.TIME, TypeKind.KEYWORD, TypeKind.FLOAT} else f"is_null({name})",
    lambda w, name, _t, _c, _d: f"{name} {w.pick(['==', '!='])} null",
    lambda w, name, t, _c, _d: f"{w.pick(['contains', 'starts_with', 'ends_with'])}({name}, {w.literal(KEYWORD)})"
    if t.kind in {TypeKind.KEYWORD, TypeKind.TEXT} else f"{name} == {w.literal(t)}",
)  # fmt: skip

_Maker = Callable[[Writer, Columns, int], str]
_ANYTHING = (KEYWORD, INT, FLOAT, BOOL, TIME, DURATION, TEXT)


def _infix(operators: Sequence[str], left: Type, right: Type) -> _Maker:
    return lambda w, c, d: f"({w.value(left, c, d)} {w.pick(operators)} {w.value(right, c, d)})"


_OPERATORS: dict[TypeKind, tuple[_Maker, ...]] = {
    TypeKind.INT: (_infix("+-*%", INT, INT), lambda w, c, d: f"-({w.value(INT, c, d)})"),
    TypeKind.FLOAT: (_infix("+-*/", FLOAT, INT), _infix("/", INT, INT), _infix("%", FLOAT, FLOAT),
                 _infix("/", DURATION, DURATION)),
    TypeKind.BOOL: (lambda w, c, d: f"({w.condition(c, d)})",),
    TypeKind.TIME: (_infix("+-", TIME, DURATION),),
    TypeKind.DURATION: (_infix("-", TIME, TIME), _infix("+-", DURATION, DURATION),
                    lambda w, c, d: f"({w.value(DURATION, c, d)} * {w.number(0, 3)})"),
}  # fmt: skip


class Pipeline:
    """A query as it grows: its text, and the columns that its rows have by now."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        fields = writer.world.collection.fields
        self.stages = [f"from {writer.world.item}"]
        self.columns: Columns = {f.name: f.type for f in fields if f.type.kind is not TypeKind.VECTOR} | {
            "_version": INT
        }
        self.texts = [f.name for f in fields if f.type.kind is TypeKind.TEXT]
        self.vectors = [f.name for f in fields if f.type.kind is TypeKind.VECTOR]
        self.links = [f.name for f in fields if (f.type.item or f.type).kind is TypeKind.LINK]
        self.objects = list(writer.world.collection.fields_by_object)
        self.records = True  # rather than rows that were made

    def read_one_record(self) -> None:
        self.stages[0] = f"from {format_record_ref(self.writer.world.item, self.writer.pick(self.writer.world.keys))}"

    def go_back(self) -> None:
        """Read a moment at which the world was written."""
        self.stages[0] += f" as of seq {self.writer.pick(sorted(self.writer.world.records.moments))}"

    def grow(self) -> None:
        w = self.writer
        ways = [self.where, self.sort, self.take, self.extend, self.select, self.facet, self.rerank]
        if self.records:
            ways += [self.match, self.near, self.find, self.fuse] * bool(self.texts)
            ways += [self.follow] * bool(self.links)
            ways += [self.cite]
            ways += [self.summarize, self.summarize]
            ways += [self.diversify] * ("_score" in self.columns and bool(self.vectors))
        ways += [partial(shape, self) for shape in (*SHAPES, among)]
        ways += [partial(look_around, self)] * 2
        w.pick(ways)()

    def shown(self) -> list[str]:
        return [name for name in self.columns if not name.startswith("_")]

    def add(self, text: str) -> None:
        self.stages.append(text)

    def where(self) -> None:
        self.add(f"where {self.writer.condition(self.columns)}")

    def sort(self) -> None:
        w = self.writer
        names = [name for name, t in self.columns.items() if t.kind in _ORDERED and not name.startswith("_score")]
        keys = [f"{w.pick(names)}{w.pick(['', ' desc'])}" for _ in range(w.number(1, 2))] if names else ["1"]
        self.add(f"sort {', '.join(keys)}")

    def rerank(self) -> None:
        """By what every arithmetic computes alike: two scores of a retrieval may differ in their last bits."""
        w = self.writer
        kept = {name: t for name, t in self.columns.items() if name != "_score"}
        self.add(f"rerank by {w.value(INT, kept)}")
        self.scored()

    def cite(self) -> None:
        self.add("cite")
        self.columns["_cite"] = KEYWORD

    def diversify(self) -> None:
        self.add(f"diversify{self.writer.pick(['', ' lambda=0.3', ' lambda=1', ' depth=4'])}")

    def take(self) -> None:
        self.add(f"take {self.writer.number(0, 6)}")

    def items(self) -> dict[str, tuple[str, Type]]:
        w = self.writer
        types = [w.pick(_ANYTHING) for _ in range(w.number(1, 2))]
        # no digit of a score's remainder may be right
        exact = {name: t for name, t in self.columns.items() if name != "_score"}
        found = {w.fresh(): (w.value(t, exact), t) for t in types}
        if "owner" in self.columns and w.number(0, 3) == 3:
            found[w.fresh()] = "owner->name", KEYWORD
        if "links" in self.columns and "k1" in self.columns and self.records and w.number(0, 3) == 3:
            found[w.fresh()] = "links->k1", list_of(KEYWORD)
        return found

    def extend(self) -> None:
        found = self.items()
        self.add("extend " + ", ".join(f"{name} = {text}" for name, (text, _) in found.items()))
        self.columns |= {name: t for name, (_, t) in found.items()}

    def select(self) -> None:
        w = self.writer
        visible = [name for name in self.columns if not name.startswith("_")]
        kept = list(dict.fromkeys(w.pick(visible) for _ in range(w.number(1, 3)))) if visible else []
        found = self.items()
        self.add("select " + ", ".join([*kept, *(f"{name} = {text}" for name, (text, _) in found.items())]))
        self.objects = []
        system = {name: t for name, t in self.columns.items() if name.startswith("_")}
        self.columns = {name: self.columns[name] for name in kept} | {n: t for n, (_, t) in found.items()} | system

    def facet(self) -> None:
        w = self.writer
        names = [name for name, t in self.columns.items() if t.kind is not TypeKind.VECTOR and name != "_score"]
        top = w.pick(["", " top 1", " top 3"])
        self.add(f"facet {w.pick(names)}{top}" if names else "facet one = 1")

    def words(self) -> str:
        w = self.writer
        parts: list[str] = []
        for _ in range(w.number(0, 3)):
            sign = w.pick(["", "", "", "+", "-"])
            word = w.pick(WORDS)
            form = w.pick([word, word, f'"{word} {w.pick(WORDS)}"', f"{word[:2]}*", f"{word}^2", f"{word}~1"])
            parts.append(sign + form)
        return format_string(" ".join(parts))

    def match_text(self) -> str:
        w = self.writer
        fields = w.pick(["", ", ".join(self.texts), f"{w.pick(self.texts)}^3"])
        return f"match {fields} {self.words()}{w.pick(['', '', ' min=2'])}"

    def near_text(self) -> str:
        w = self.writer
        words = format_string(f"{w.pick(WORDS)} {w.pick(WORDS)}")
        target = w.pick([words, f"[{', '.join(str(w.number(-3, 3) + 0.5) for _ in range(8))}]"])
        return f"near vec to {target}"

    def scored(self) -> None:
        self.columns["_score"] = FLOAT

    def match(self) -> None:
        self.add(self.match_text())
        self.scored()

    def near(self) -> None:
        self.add(self.near_text())
        self.scored()

    def find(self) -> None:
        w = self.writer
        self.add(f"find {self.words()}{w.pick(['', f' in {w.pick(self.texts)}'])}")
        self.scored()

    def fuse(self) -> None:
        w = self.writer
        method = w.pick(
            ["rrf", "rrf k=10", "linear", "linear weights=[0.3, 0.7]", "rrf weights=[1, 2.5]", "linear feedback=2"]
        )
        branches = [w.pick([self.match_text, self.near_text])() + w.pick(["", " | take 3"]) for _ in range(2)]
        if w.number(0, 3) == 3:
            branches[0] += f" | {w.pick([self.match_text, self.near_text])()}"
        if w.number(0, 3) == 3:
            branches[0] += f" | where {w.condition({n: t for n, t in self.columns.items() if n != '_score'}, 1)}"
        self.add(f"fuse {method} ({', '.join(f'b{i}: {b}' for i, b in enumerate(branches))})")
        self.scored()

    def follow(self) -> None:
        w = self.writer
        name = w.pick(self.links)
        collection = self.writer.world.records.catalog.collections
        link = self.writer.world.collection.fields_by_name[name].type
        target = collection[str((link.item or link).name)]
        own = target is self.writer.world.collection
        depth = w.pick(["", " depth 1..3", " depth 2", " depth 2..4"]) if own else ""
        self.add(f"follow {name}{depth}")
        self.columns = {f.name: f.type for f in target.fields if f.type.kind is not TypeKind.VECTOR}
        self.columns |= {"_depth": INT, "_version": INT}
        if not own:
            self.texts, self.vectors, self.links = [], [], []

    def summarize(self) -> None:
        w = self.writer
        names = {n: t for n, t in self.columns.items() if t.kind in _COMPARED and n != "_score"}
        made: Columns = {}
        aggregates: list[str] = []
        for _ in range(w.number(1, 3)):
            name, (text, type_) = w.fresh(), self.aggregate()
            if type_ in {INT, FLOAT} and w.number(0, 3) == 3:
                text, type_ = f"if(count() > 2, 1.0 * {text}, 0.5)", FLOAT
            aggregates.append(f"{name} = {text}")
            made[name] = type_
        keys = (
            {w.fresh(): n for n in dict.fromkeys(w.pick(sorted(names)) for _ in range(w.number(0, 2)))} if names else {}
        )
        texts = [f"{name} = {column}" for name, column in keys.items()]
        made |= {name: names[column] for name, column in keys.items()}
        fill = ""
        times = [n for n, t in self.columns.items() if t.kind is TypeKind.TIME]
        if times and w.number(0, 2) == 2:
            name = w.fresh()
            texts.append(f"{name} = bucket({w.pick(times)}, {w.pick(['1mo', '1y', '7d', '40d'])})")
            made[name] = TIME
            fill = w.pick(["", " fill null", " fill 0", " fill previous", " fill linear"])
        if fill == " fill linear":
            made = {name: FLOAT if t == INT and name not in keys else t for name, t in made.items()}
        self.add(f"summarize {', '.join(aggregates)}{' by ' + ', '.join(texts) if texts else ''}{fill}")
        self.columns, self.records = made, False

    def aggregate(self) -> tuple[str, Type]:
        w = self.writer
        type_ = w.pick([INT, FLOAT, KEYWORD, BOOL, TIME, DURATION, list_of(KEYWORD)])
        columns = {name: t for name, t in self.columns.items() if name != "_score"}
        return call(w, type_, columns, 1, FunctionKind.AGGREGATE) or "count()", type_


def query_stages(writer: Writer, stages_max: int = 5) -> list[str]:
    """Of a query that binds without an error."""
    pipeline = Pipeline(writer)
    if writer.world.keys and writer.number(0, 15) == 15:
        pipeline.read_one_record()
    if writer.declares and writer.world.records.moments and writer.number(0, 7) == 7:
        pipeline.go_back()
    for _ in range(writer.number(0, stages_max)):
        pipeline.grow()
    return pipeline.stages


Draw = Callable[[st.SearchStrategy[Any]], Any]


def drawn(draw: Draw, world: World) -> Writer:
    """A writer whose texts Hypothesis can make small."""
    return Writer(lambda low, high: int(draw(st.integers(low, high))), world)


@st.composite
def query_texts(draw: Draw, world: World, stages_max: int = 5) -> str:
    """Read in a zone of its own now and then."""
    return (writer := drawn(draw, world)).pick(ZONES) + "\n| ".join(query_stages(writer, stages_max))


@st.composite
def conditions(draw: Draw, world: World) -> str:
    return (writer := drawn(draw, world)).condition(Pipeline(writer).columns)
