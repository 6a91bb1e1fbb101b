"""What people look at: the timeline of a stack, its history, a plan, the receipt of an incident."""
