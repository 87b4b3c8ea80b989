"""Grain growth in additive manufacturing: melt pools move along a scan path."""
