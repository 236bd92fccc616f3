"""Tools for assistants, by the Model Context Protocol: on standard input and output, and at `/mcp` of the server."""
