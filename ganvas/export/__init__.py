"""Exports (ONNX, static page, hub, credits): this room is empty yet."""
