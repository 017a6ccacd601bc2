"""What a raster looks like, small enough for a model to see."""
