"""Pure functions on arrays, with no model in sight."""
