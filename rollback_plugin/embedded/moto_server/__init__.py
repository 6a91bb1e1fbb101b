"""The moto server, and what is added to its services in this process.

moto keeps each service's state in process-global backends. That is why every EmbeddedAws has a process of its own,
and why the additions can read and change that state directly.
"""
