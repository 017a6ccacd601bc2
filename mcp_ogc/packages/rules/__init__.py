"""What packages are held to, a file for each thing that rules are about."""
