"""What the scripts here share: rounds of programs in turn, alone and beside one busy process, and tables of them."""
import contextlib
import datetime
import os
import pathlib
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).parent


def output_of(command, environment=None):
    """A program's standard output; what it said on the other is shown when it fails."""
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **(environment or {})})
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} failed:\n{done.stderr}")
    return done.stdout.strip()


@contextlib.contextmanager
def beside(busy):
    """Nothing, or one process that computes without end."""
    if not busy:
        yield
        return
    other = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        other.kill()
        other.wait()


def spread(values):
    """Median (least to most)."""
    return f"{statistics.median(values):.3g} ({min(values):.3g} to {max(values):.3g})"


def commit():
    return output_of(["git", "-C", str(HERE), "rev-parse", "--short", "HEAD"])


def processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return "processor unknown"


def heading(title, command):
    return (f"# {title}, as measured\n\n- {datetime.date.today()}, commit {commit()}, {os.cpu_count()} cores, {processor()}\n"
            f"- `{command}`\n")
