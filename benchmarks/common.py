"""What the benchmarks share."""

import datetime
import platform
import subprocess
from pathlib import Path


def stamp():
    """Return the machine, the commit and the date of a run, for its JSON file."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    models = [line.split(":")[1].strip() for line in lines if "model name" in line]
    head = ["git", "rev-parse", "--short", "HEAD"]
    done = subprocess.run(head, cwd=Path(__file__).parent, stdout=subprocess.PIPE)
    return {
        "machine": models[0] if models else platform.processor(),
        "commit": done.stdout.decode().strip(),
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
    }
