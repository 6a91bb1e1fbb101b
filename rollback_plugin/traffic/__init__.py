"""Moves a service's consumers between two versions at once, without the engine."""
