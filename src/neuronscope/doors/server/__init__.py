"""The REST door and the page it serves: questions over HTTP, on this machine only."""
