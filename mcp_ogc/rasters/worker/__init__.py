"""Raster work in processes of its own: two at most, without secrets or network."""
