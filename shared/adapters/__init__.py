"""Ports kept by real SDKs; no decision of RAFT is made here."""
