"""From a bound query to a physical plan: rewrite rules, then operators, remembered by the canonical text."""
