"""Two rasters of one grid: what became of the first in the second."""
