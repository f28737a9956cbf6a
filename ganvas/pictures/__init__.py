"""All about pixels, nothing about GANs: bytes to RGB, resizing, sheets, animations, curves."""
