"""A Lambda runtime: runs the published version's code an alias points to, behind HTTP."""
