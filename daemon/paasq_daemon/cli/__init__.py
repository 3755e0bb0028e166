"""The command `paasq`: one module a command, and modules that commands share."""
