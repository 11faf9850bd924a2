"""What is measured: one module with ``measure(size)`` for each part."""
