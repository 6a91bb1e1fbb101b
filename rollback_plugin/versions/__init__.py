"""What a version of a stack is, how two versions differ, and how they are kept."""
