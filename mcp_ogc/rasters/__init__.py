"""Rasters, summarised so that a model can reason about them."""
