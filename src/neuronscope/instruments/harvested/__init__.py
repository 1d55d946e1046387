"""What makes up a harvest: documents in passes, rows in shards, the manifest, and its reader."""
