"""Hints for texts of other query languages: SQL, KQL, ES|QL, PRQL, Lucene."""
