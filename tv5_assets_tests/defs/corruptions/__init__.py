"""What is done to the subject of every gate, layer by layer, so that the gate is seen to fail."""
