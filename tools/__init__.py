"""What the repository needs to build, check and try itself. Nothing here is shipped in the wheel."""
