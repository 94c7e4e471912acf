"""Files that hold others: archives, mail, EPUB."""
