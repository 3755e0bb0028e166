"""Files of records, read in bounded memory: every record, or the line that holds none and why."""
