"""What do the answers of a chain say together? Criteria met or missed, cases, and what it all cost."""
