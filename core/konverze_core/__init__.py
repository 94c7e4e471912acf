"""The nouns, the errors and the protocols that all rooms share."""
