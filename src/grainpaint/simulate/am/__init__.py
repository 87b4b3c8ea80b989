"""Additive manufacturing: melt pools along a scan path."""
