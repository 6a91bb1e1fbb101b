"""Tells people and their tools of what was decided and done: through SNS topics and webhooks.

A notice is made of a journal entry, and its id is the entry's place in the journal. It is sent beside the work it tells
of, and no rollback waits for it: a channel that fails costs a log line and a count.
"""
