"""Rasters measured in places: at points, within polygons."""
