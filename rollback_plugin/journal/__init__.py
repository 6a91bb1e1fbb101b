"""What happened to a stack, and what its status therefore is.

`entries` says what can happen, `chain` how entries are written and checked, `journal` keeps them in a store, `fold`
turns them into a `status`, and `history` into rows for people.
"""
