"""To and from what other tools use: event tables."""
