"""Standing queries: run anew where a commit or the time may have changed their rows, and told as events."""
