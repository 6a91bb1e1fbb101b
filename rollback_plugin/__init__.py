"""Rollback and recovery for Pulumi stacks on AWS."""
