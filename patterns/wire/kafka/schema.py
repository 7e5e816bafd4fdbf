"""Messages as tables of fields: what stands behind what, in which versions, and what a value is when it is left out.

The problem: each request and each response of Kafka's protocol exists in many versions, and a broker has to speak
all that its clients might choose. The assumption: a new version adds a field or drops one, and never moves one
(kafka.apache.org/protocol: one table with versions tells all). The bargain: each message is written down once,
and the bytes of every version are worked out from that; nobody can see the bytes by looking at one function.

    class FetchPartition(Struct):
        partition: int = int32()
        current_leader_epoch: int = int32(since=9, default=-1)
        fetch_offset: int = int64()

The table is a class as well, `FetchPartition(partition=0, fetch_offset=17)`, with fields of Kafka's own names
and immutable values; `FetchPartition.fields` is the table as data. A field that a version does not have is
left out when that version is written, and has its default when that version is read.
"""

from collections.abc import Callable
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING, Any, ClassVar, Self, dataclass_transform

REQUIRED: Any = type("Required", (), {"__repr__": lambda _: "REQUIRED"})()

FIXED = {"boolean": "?", "int8": "b", "int16": "h", "int32": "i", "int64": "q"}  # as `struct` calls them
KINDS = (*FIXED, "string", "blob", "records", "array")


@dataclass(frozen=True, slots=True)
class Field:
    """A line of the table.

    kind: one of `KINDS`. of: what an array holds: a `Struct`, or the name of a kind.
    since, until: the first version that has it, and the last; `until` None if all later ones have it.
    nullable: the first version in which it may be null, or None.
    default: its value where it is left out; `REQUIRED` if it must be given.
    tag: its number, if it is not written in line but tagged behind the others, and only where it is not the default.
    """

    name: str
    kind: str
    of: Any = None
    since: int = 0
    until: int | None = None
    nullable: int | None = None
    default: Any = REQUIRED
    tag: int | None = None

    def is_in(self, version: int) -> bool:
        """Whether that version has it."""
        return self.since <= version and (self.until is None or version <= self.until)

    def is_nullable(self, version: int) -> bool:
        """Whether it may be null in that version."""
        return self.nullable is not None and self.nullable <= version

    def __str__(self) -> str:
        kind = f"array of {getattr(self.of, '__name__', self.of)}" if self.kind == "array" else self.kind
        versions = f"{self.since}+" if self.until is None else f"{self.since}–{self.until}"
        null = "" if self.nullable is None else f"  null in {self.nullable}+"
        default = "" if self.default is REQUIRED else f"  default {self.default!r}"
        tag = "" if self.tag is None else f"  tag {self.tag}"
        return f"{self.name}: {kind}  versions {versions}{null}{default}{tag}"


def _specifier(kind: str) -> Callable[..., Any]:
    def specify(
        *,
        since: int = 0,
        until: int | None = None,
        nullable: int | None = None,
        default: Any = REQUIRED,
        tag: int | None = None,
    ) -> Any:
        return Field("", kind, None, since, until, nullable, default, tag)

    specify.__name__ = specify.__qualname__ = kind
    specify.__doc__ = f"A field that is a {kind}."
    return specify


boolean = _specifier("boolean")
int8 = _specifier("int8")
int16 = _specifier("int16")
int32 = _specifier("int32")
int64 = _specifier("int64")
string = _specifier("string")
blob = _specifier("blob")  # "bytes" in Kafka's own tables
records = _specifier("records")  # the same on the wire; inside are record batches


def array(
    of: Any,
    *,
    since: int = 0,
    until: int | None = None,
    nullable: int | None = None,
    default: Any = REQUIRED,
    tag: int | None = None,
) -> Any:
    """A field that is an array: of a `Struct`, or of one of the plain kinds (`array(int32)`)."""
    return Field("", "array", of if isinstance(of, type) else of.__name__, since, until, nullable, default, tag)


@dataclass_transform(
    kw_only_default=True,
    frozen_default=True,
    field_specifiers=(boolean, int8, int16, int32, int64, string, blob, records, array),
)
class _Table(type):
    """Makes of a table a class of tuples: as small and as quick to make as an object can be in Python."""

    def __new__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> "_Table":
        fields = tuple(
            Field(key, spec.kind, spec.of, spec.since, spec.until, spec.nullable, spec.default, spec.tag)
            for key, spec in namespace.items()
            if isinstance(spec, Field)
        )
        for at, field in enumerate(fields):
            namespace[field.name] = property(itemgetter(at), doc=str(field))
        namespace["__slots__"] = ()
        namespace["fields"] = fields
        made = super().__new__(cls, name, bases, namespace)
        if fields:
            type.__setattr__(made, "__new__", _constructor(made, fields))
        return made


def _constructor(made: type, fields: tuple[Field, ...]) -> Callable[..., Any]:
    """`__new__` with the fields as keywords; as text, because nothing else makes it as quick as one written by hand."""
    known = {f"_{field.name}": field.default for field in fields if field.default is not REQUIRED}
    takes = [f"{field.name}=_{field.name}" if f"_{field.name}" in known else field.name for field in fields]
    gives = "".join(f"{field.name}, " for field in fields)
    namespace: dict[str, Any] = {**known, "_new": tuple.__new__}
    exec(f"def __new__(cls, *, {', '.join(takes)}):\n    return _new(cls, ({gives}))", namespace)
    constructor: Callable[..., Any] = namespace["__new__"]
    constructor.__qualname__ = f"{made.__name__}.__new__"
    return constructor


if TYPE_CHECKING:
    _Row = object  # a field may be called as a method of tuples is: `index` is one
else:
    _Row = tuple


class Struct(_Row, metaclass=_Table):
    """A message, or a part of one: a row of values under the names of its table."""

    fields: ClassVar[tuple[Field, ...]] = ()

    def replace(self, **changes: Any) -> Self:
        """The same with other values; a name that is not in the table is a `TypeError`."""
        return type(self)(**{**self.as_dict(), **changes})

    def as_dict(self) -> dict[str, Any]:
        """The values under their names."""
        return {field.name: getattr(self, field.name) for field in self.fields}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self.as_dict().items())})"

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and _Row.__eq__(self, other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = _Row.__hash__

    def __getnewargs_ex__(self) -> tuple[tuple[()], dict[str, Any]]:
        return (), self.as_dict()


def table(struct: type[Struct], version: int | None = None, indent: str = "") -> str:
    """The table as text, for people; with a version, only what that version has."""
    lines = []
    for field in struct.fields:
        if version is None or field.is_in(version):
            lines.append(f"{indent}{field}")
            if isinstance(field.of, type):
                lines.append(table(field.of, version, indent + "    "))
    return "\n".join(lines)
