"""What a scanner sees of the cell fraction: one kind of data a file, image -> fraction and fraction -> image side by side,
each with its noise and the noise's source."""
