"""`python -m paasq_daemon`: the command `paasq`, where it is not on the path."""

from __future__ import annotations

from paasq_daemon.cli.main import main

if __name__ == "__main__":
    main()
