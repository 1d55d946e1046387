"""Is all well? Metrics for machines, rules that raise alerts, and where people see them."""
