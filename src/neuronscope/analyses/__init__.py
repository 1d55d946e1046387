"""One question a file, by wing; a file knows nothing of its neighbours."""
