"""What a Pulumi program composes: a service with its alarms, interface and policy."""
