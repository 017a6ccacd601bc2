"""What the model can do: a file for each noun, each tool about ten lines over the floor below."""
