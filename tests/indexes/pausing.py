"""A writer that stops at a chosen call of its store, so that anything can happen meanwhile."""

from __future__ import annotations

import threading

WAIT_S = 30.0


class PausingStore:
    """Wraps a store for one writer; stops once, before or after its first `verb` of a name that holds `part`."""

    def __init__(self, store, part, *, verb="put", after=False):
        self._store = store
        self._part = part
        self._verb = verb
        self._after = after
        self._is_armed = False
        self.paused = threading.Event()
        self.go = threading.Event()

    def __getattr__(self, verb):
        return getattr(self._store, verb)

    def arm(self):
        self._is_armed = True

    def put(self, name, data, *, if_absent=False):
        self._stopping("put", name, lambda: self._store.put(name, data, if_absent=if_absent))

    def delete(self, name):
        self._stopping("delete", name, lambda: self._store.delete(name))

    def _stopping(self, verb, name, call):
        stops = self._is_armed and verb == self._verb and self._part in name
        self._is_armed = self._is_armed and not stops
        if stops and not self._after:
            self._stop()
        call()
        if stops and self._after:
            self._stop()

    def _stop(self):
        self.paused.set()
        assert self.go.wait(WAIT_S)


class PausedWriter:
    """Runs `action` in a thread up to the pause of its store; `finish` lets it go on, with its outcome."""

    def __init__(self, store, action):
        self._store = store
        self._action = action
        self._result = self._error = None
        store.arm()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert store.paused.wait(WAIT_S)

    def _run(self):
        try:
            self._result = self._action()
        except Exception as error:  # noqa: BLE001
            self._error = error
        self._store.paused.set()  # also when it never came to the pause

    def finish(self):
        self._store.go.set()
        self._thread.join(WAIT_S)
        assert not self._thread.is_alive()
        if self._error is not None:
            raise self._error
        return self._result
