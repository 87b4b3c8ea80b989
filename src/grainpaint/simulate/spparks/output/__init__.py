"""Writers of what a script asks for: dumps, diagnostics, the log."""
