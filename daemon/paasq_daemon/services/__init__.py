"""What an instance offers besides the query: records, catalog, snapshots, embedding and status, each by itself."""
