"""Decides what to do about a stack, does it, and carries on after a crash."""
