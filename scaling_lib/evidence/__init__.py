"""Outside formats to canonical tables, with what was rejected."""
