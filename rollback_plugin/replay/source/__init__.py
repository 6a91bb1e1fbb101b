"""The second way to re-apply a version: its recorded program, run again where nothing else is."""
