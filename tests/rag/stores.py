"""Stores that count, that fail, or that let somebody else act, at a moment of the test's choice."""

import konverze_rag as kr


class CountingStore:
    """A store that notes which names are read, and which prefixes are listed."""

    def __init__(self, inner):
        self._inner, self.read, self.listed = inner, [], []

    def __getattr__(self, verb):
        def call(name, *args, **kwargs):
            {"get": self.read, "list": self.listed}.get(verb, []).append(name)
            return getattr(self._inner, verb)(name, *args, **kwargs)

        return call


class FailingStore:
    """A store that fails at its n-th call, and at all later ones: a process that died there."""

    def __init__(self, inner, calls):
        self._inner = inner
        self.left = calls

    def __getattr__(self, verb):
        def call(*args, **kwargs):
            if self.left <= 0:
                raise kr.StoreUnavailableError("died here")
            self.left -= 1
            return getattr(self._inner, verb)(*args, **kwargs)

        return call


class InterruptedStore:
    """A store that lets others act, one after the other, each right before a call of a verb on a name."""

    def __init__(self, inner, verb, part, *acts):
        self._inner, self._verb, self._part, self._acts = inner, verb, part, list(acts)

    def __getattr__(self, verb):
        def call(name, *args, **kwargs):
            if verb == self._verb and self._part in name and self._acts:
                self._acts.pop(0)()
            return getattr(self._inner, verb)(name, *args, **kwargs)

        return call


class StoreInterruptedAt:
    """A store that lets somebody else act once, right before its n-th call of any verb.

    Attributes:
        act: What is still to be done; None once it was.
    """

    def __init__(self, inner, calls, act):
        self._inner, self._left, self.act = inner, calls, act

    def __getattr__(self, verb):
        def call(*args, **kwargs):
            if self._left == 0 and self.act is not None:
                act, self.act = self.act, None
                act()
            self._left -= 1
            return getattr(self._inner, verb)(*args, **kwargs)

        return call


class PagedStore:
    """A store whose listings come in two pages, as a cloud's do: somebody else acts once between two pages.

    Attributes:
        act: What is still to be done; None once it was.
    """

    def __init__(self, inner, border, act):
        self._inner, self._border, self.act = inner, border, act

    def __getattr__(self, verb):
        return getattr(self._inner, verb)

    def list(self, prefix):
        first = [name for name in self._inner.list(prefix) if name < self._border]
        if self._border.startswith(prefix) and self.act is not None:
            act, self.act = self.act, None
            act()
        return first + [name for name in self._inner.list(prefix) if name >= self._border]
