"""The command line's parts: talking to an app, finding the local one, showing what it says."""
