"""Every pixel counted, or an overview's, in bounded memory."""
