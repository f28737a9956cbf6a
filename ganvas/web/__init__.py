"""The local page: this room is empty yet."""
