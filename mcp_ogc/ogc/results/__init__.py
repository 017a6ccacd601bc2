"""Results in every shape of the standard and of STAC."""
