"""Durable orchestrators: deterministic, thin; they know order, never work."""
