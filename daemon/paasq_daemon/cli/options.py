"""Options that several commands take."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

import typer

from paasq_daemon.cli.answer_output import AnswerFormat
from paasq_daemon.wire.default_paths import default_folder
from paasq_daemon.wire.request import Budget
from paasq_dsl.time_zones import find_zone
from paasq_dsl.values import parse_time

if TYPE_CHECKING:
    from paasq_daemon.configuration.configuration import Configuration
    from paasq_daemon.configuration.settings import Scalar

Data: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--data", metavar="DIR", help="The data folder; else $PAASQ_DATA, else the user's own.", show_default=False
    ),
]
Socket: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--socket", metavar="PATH", help="The daemon's socket; else the one in the data folder.", show_default=False
    ),
]
From: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--from",
        metavar="WHERE",
        help="Where it is kept: a data folder, a folder of snapshots, or s3://BUCKET/PREFIX; else the data folder.",
        show_default=False,
    ),
]
KeyFile: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--key-file",
        metavar="FILE",
        help="The key that the snapshots are encrypted by; else $PAASQ_SNAPSHOT_KEY_FILE.",
        show_default=False,
    ),
]
PassphraseFile: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--passphrase-file",
        metavar="FILE",
        help="A file with the passphrase instead; else $PAASQ_SNAPSHOT_PASSPHRASE_FILE.",
        show_default=False,
    ),
]
Sign: TypeAlias = Annotated[
    Path | None,
    typer.Option("--sign", metavar="FILE", help="The private Ed25519 key that signs it.", show_default=False),
]
RequireSignature: TypeAlias = Annotated[
    list[Path] | None,
    typer.Option(
        "--require-signature",
        metavar="FILE",
        help="The public key of who must have signed it; of several, one must.",
        show_default=False,
    ),
]
Params: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--param",
        "-p",
        metavar="NAME=VALUE",
        help="A value for $NAME: text where text is asked for, else JSON.",
        show_default=False,
    ),
]
OutputFormat: TypeAlias = Annotated[AnswerFormat, typer.Option("--format", "-f", help="How the answer is written.")]
TimeMs: TypeAlias = Annotated[float | None, typer.Option("--time-ms", min=1, help="Milliseconds that it may take.")]
RowsOption: TypeAlias = Annotated[int | None, typer.Option("--rows", min=1, help="Rows that the answer may have.")]
Tokens: TypeAlias = Annotated[int | None, typer.Option("--tokens", min=1, help="Tokens that the answer may have.")]
Zone: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--zone",
        metavar="AREA/PLACE",
        help="The time zone of days, and of times without an offset; else $PAASQ_ZONE, else the configuration's.",
        show_default=False,
    ),
]
Now: TypeAlias = Annotated[
    str | None,
    typer.Option("--now", metavar="TIME", help="What @now is: an ISO time; else the clock's.", show_default=False),
]
JsonOutput: TypeAlias = Annotated[bool, typer.Option("--json", help="Write JSON.")]


LogFormatOption: TypeAlias = Annotated[
    str | None, typer.Option("--log-format", metavar="text|json", help="As the setting log.format.", show_default=False)
]
LogLevelOption: TypeAlias = Annotated[
    str | None, typer.Option("--log-level", metavar="LEVEL", help="As the setting log.level.", show_default=False)
]
LogFile: TypeAlias = Annotated[
    str | None, typer.Option("--log-file", metavar="PATH", help="As the setting log.file.", show_default=False)
]
Settings: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="A setting; `paasq config` shows all.", show_default=False),
]


def configuration(
    data: Path | None, assignments: list[str] | None = None, given: Mapping[str, Scalar] | None = None
) -> Configuration:
    """The settings in force for a data folder, with those of the command line: `NAME=VALUE`, and options by setting."""
    from paasq_daemon.configuration.configuration import read_configuration

    return read_configuration(data or default_folder(), assignments or (), given or {})


def zone_of(given: str | None, data: Path | None) -> str:
    """The zone that was given, else the one that is set for the data folder."""
    return given if given is not None else str(configuration(data).of("zone"))


def parse_now(given: str | None, zone: str) -> int | None:
    """Microseconds since 1970 of an ISO time, one without an offset in the zone. Raises BadParameter."""
    try:
        return None if given is None else parse_time(given, find_zone(zone) or UTC)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--now") from None


def budget_of(time_ms: float | None, rows: int | None, tokens: int | None) -> Budget:
    """The options `--time-ms`, `--rows` and `--tokens` as a budget; what was not given is unbounded."""
    return Budget(time_ms, rows, tokens)
