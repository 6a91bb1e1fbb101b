"""What tells that a service is ill: alarms and the requests they must be weighed by, as one `Signal`."""
