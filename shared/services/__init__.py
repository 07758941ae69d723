"""Use cases over ports; no SDK is imported here."""
