"""What Pulumi itself keeps: the project on this machine, and a stack's state, history and locks in its backend.

Only backends that are files or objects (`file://`, `s3://`) can be read: Pulumi's own name for them is DIY backends.
Everything here reads; the one thing it ever removes is a lock.
"""
