"""What makes up a stream: where a growing text stands, and how its next token is chosen."""
