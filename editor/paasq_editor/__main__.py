"""`python -m paasq_editor`: the language server, over standard input and output."""

from __future__ import annotations

import argparse
from importlib.metadata import version
from pathlib import Path

from paasq_daemon.wire.default_paths import default_folder, socket_path
from paasq_editor.daemon_client import DaemonClient
from paasq_editor.server import serve


def main() -> None:
    """Parses the command line and serves until the editor closes standard input."""
    parser = argparse.ArgumentParser("paasq_editor", description="The language server of paasq.")
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="the data folder; else $PAASQ_DATA, else the user's own"
    )
    parser.add_argument("--socket", type=Path, metavar="PATH", help="the daemon's socket; else that of the data folder")
    parser.add_argument("--stdio", action="store_true", help="what editors ask for; there is no other way")
    given = parser.parse_args()
    folder: Path = given.data or default_folder()
    serve(version("paasq"), DaemonClient(given.socket or socket_path(folder)))


if __name__ == "__main__":
    main()
