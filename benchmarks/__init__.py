"""Figures, measured side by side on one machine: `make bench`. They pass or fail nothing."""
