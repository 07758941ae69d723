"""Durable activities: decode, one service call, encode. Called by name only."""
