"""A fault campaign: what was acknowledged while processes were killed must be there."""
