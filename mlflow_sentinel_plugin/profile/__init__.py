"""Baselines and profiles: a table's distribution as counts that add up."""
