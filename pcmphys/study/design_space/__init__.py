"""What a lasting bit costs: cells, pulses, selectors, wires, sizes and times against each other."""
