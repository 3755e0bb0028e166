"""The command `paasq`: one module a command, what they share beside them."""
