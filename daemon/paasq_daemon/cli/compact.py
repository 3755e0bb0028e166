"""`paasq compact`"""

from __future__ import annotations

from paasq_daemon.cli import options
from paasq_daemon.cli.object_output import write_object
from paasq_daemon.cli.open_database import open_database


def compact(data: options.Data = None, socket: options.Socket = None, as_json: options.JsonOutput = False) -> None:
    """Give disk space back: write the data file and the index anew, without what is dead in them.

    A daemon does it by itself where a third of the data file, or of a collection's index, would go. Reading and writing go on
    meanwhile. The disk must have room for the new files beside the old ones. `paasq status` says what there is to gain. The next
    snapshot is a full one.
    """
    with open_database(data, socket) as database:
        write_object(database.compact(), as_json=as_json)
