"""`paasq config`"""

from __future__ import annotations

from typing import Annotated, Any

import typer

from paasq_daemon.cli import options
from paasq_daemon.cli.object_output import write_object
from paasq_daemon.cli.open_database import folder_of


def config(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Explain this setting.")] = None,
    data: options.Data = None,
    settings: options.Settings = None,
    as_json: options.JsonOutput = False,
) -> None:
    """Show every setting: its value, and where that is from. A running daemon has those that it was started with.

    The command line is over the environment, that over paasq.toml in the data folder, and that over the user's own
    ~/.config/paasq/config.toml.
    """
    from paasq_daemon.configuration.settings import find_setting, written

    values = options.configuration(folder_of(data), settings).values
    if name is not None:
        setting = find_setting(name, "config")
        explained: dict[str, Any] = {
            "setting": setting.name,
            "value": written(values[name].value),
            "from": values[name].origin,
            "default": written(setting.default),
            "may be": setting.allowed,
            "in the environment": setting.variable,
            "does": setting.doc,
        }
        write_object(explained, as_json=as_json)
    elif as_json:
        write_object({name: each._asdict() for name, each in values.items()}, as_json=True)
    else:
        for each_name, each in values.items():
            typer.echo(f"{each_name:<32} {written(each.value):<14} {each.origin}")
