"""What a running process tells those who operate it: traces, metrics and logs. It decides nothing."""
