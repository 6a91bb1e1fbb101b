"""What CloudWatch does with metrics, alarms and log filters, as functions without I/O."""
