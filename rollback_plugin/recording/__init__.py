"""Makes versions: `track()` inside the program, `Recorder` after the update."""
