"""Waiting without sleeping: a condition is polled until it holds or a deadline passes.

Every wait of the end-to-end tests goes through here, so that a slow machine makes a test slow and never wrong, and a
test that waits in vain says what for. FLUSSO_TEST_PATIENCE (1 by default) multiplies every deadline, for machines that are
busy with other things.
"""

import os
import time

PATIENCE = float(os.environ.get("FLUSSO_TEST_PATIENCE", "1"))


def patient(seconds):
    """A deadline in seconds, as long as this machine needs it."""
    return seconds * PATIENCE


class TimedOut(AssertionError):
    """A condition did not come true in time; the text names it."""


def until(condition, what, seconds=60.0, every=0.02, at_most=0.25):
    """Polls `condition()` until it returns something truthy, and returns that.

    The pause between polls grows from `every` to `at_most` seconds; whoever measures keeps it small.
    `what` is a phrase or a function that describes, on failure, what was waited for. Errors of the condition end the
    wait at once, except the ones it handles itself.
    """
    seconds = patient(seconds)
    deadline = time.monotonic() + seconds
    pause = every
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimedOut(f"not within {seconds:g} s: {what() if callable(what) else what}")
        time.sleep(pause)
        pause = min(pause * 1.3, max(every, at_most))
