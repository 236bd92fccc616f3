"""The HTTP server on the loopback interface: one guard around a JSON API."""
