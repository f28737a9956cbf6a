"""Search over settings: this room is empty yet."""
