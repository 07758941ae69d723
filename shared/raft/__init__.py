"""The domain: RAFT as pure functions over plain values."""
