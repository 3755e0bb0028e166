"""Text to tree: split into statements and stages, parse each, render back."""
