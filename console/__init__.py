"""The console: pages for people, at /api/console."""
