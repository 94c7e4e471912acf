"""For all tests that Hypothesis makes examples for."""

from hypothesis import settings

settings.register_profile("shared machine", parent=settings(), deadline=None)  # an example may have to wait its turn
settings.load_profile("shared machine")
