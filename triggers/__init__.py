"""What starts and shows runs: blobs, the sweep timer, the HTTP API."""
