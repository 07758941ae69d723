"""`make bench`: every measurement of the README, one after the other."""

from __future__ import annotations

from bench import scale, throughput


def main() -> None:
    """Print both tables."""
    throughput.main()
    scale.main([500, 1000, 2000])


if __name__ == "__main__":
    main()
