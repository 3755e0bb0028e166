"""The engine: store, indexes, planner, operators, daemon and command line."""
