"""STEP files read by forks of one process that has OpenCASCADE loaded already.

Loading it takes 0.3 s, a fork some milliseconds, so thousands of files can be tried.
Each fork runs the product's own child, with its limits; a crash ends the fork alone.
"""

import importlib.util
import json
import os
import select
import subprocess
import sys
from types import SimpleNamespace


class Forks:
    """Stand-in for the module `subprocess` in `grainpaint.cad.step`.

    Attributes
    ----------
    peak : int
        Largest resident memory of a fork until now, bytes.
    """

    DEVNULL = subprocess.DEVNULL
    TimeoutExpired = subprocess.TimeoutExpired

    def __init__(self, child):
        words = [sys.executable, "-P", __file__, str(child)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self._process = subprocess.Popen(words, **pipes, text=True)
        self._child, self.peak = str(child), 0

    def run(self, words, *, timeout, **_):
        """Do what the product's child does with the same words."""
        assert words[:3] == [sys.executable, "-P", self._child]
        self._process.stdin.write(json.dumps([words[3:], timeout]) + "\n")
        self._process.stdin.flush()
        code, peak = json.loads(self._process.stdout.readline())
        self.peak = max(self.peak, peak)
        if code is None:
            raise subprocess.TimeoutExpired(words, timeout)
        return SimpleNamespace(returncode=code)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.communicate()


def _converted(main, words, seconds):
    """Return the exit code of a fork (None: stopped) and its peak of memory, bytes."""
    pid = os.fork()
    if pid == 0:
        code = 70
        try:
            silent = os.open(os.devnull, os.O_RDWR)
            for stream in range(3):
                os.dup2(silent, stream)
            sys.argv[1:] = words
            main()
        except SystemExit as stop:
            code = int(stop.code or 0)
        finally:
            os._exit(code)
    handle = os.pidfd_open(pid)
    ended = select.select([handle], [], [], seconds)[0]
    os.close(handle)
    if not ended:
        os.kill(pid, 9)
    _, status, usage = os.wait4(pid, 0)
    code = os.waitstatus_to_exitcode(status) if ended else None
    return code, usage.ru_maxrss << 10


def _serve():
    """Answer a line of words with a line of what came of them, until there is none."""
    spec = importlib.util.spec_from_file_location("step_child", sys.argv[1])
    child = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(child)
    child.load()
    for line in sys.stdin:
        print(json.dumps(_converted(child.main, *json.loads(line))), flush=True)


if __name__ == "__main__":
    _serve()
