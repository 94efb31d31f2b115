"""Moonlark's service beside one of FastAPI, librosa and PyTorch with the same network: tables for SERVE.md.

    python3 serve.py --peer PYTHON [--moonlark PROGRAM] [--only moonlark|peer] [--rounds 200] [--throughput 400]
                     [--many 10000] [--out SERVE.md]

PYTHON is an interpreter with fastapi, uvicorn, python-multipart, librosa and torch; this script itself needs none of them.
Both hear the same songs, uploaded as forms over sockets; no two uploads are the same bytes, so that nothing can be remembered.
Their predictions are compared first. Then: from the start of the program to its first answer; latency of one client; how much
32 clients get, and how much of the processors; memory of all processes after --many requests of short clips. Needs ffmpeg
for the MP3.
"""
import argparse
import asyncio
import contextlib
import json
import math
import os
import pathlib
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

import company

HERE = pathlib.Path(__file__).parent
CLIENTS, WORKERS = 32, 2


# --- what is heard -----------------------------------------------------------------------------

def run(*command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{done.stdout}{done.stderr}")


def make_songs(program, folder):
    """A model of an epoch, and three songs: 30 s as WAV and MP3, 3 s as WAV."""
    made, whole = folder / "made", folder / "song.wav"
    run(program, "corpus", made, "--clips", 3, "--seconds", 6)
    run(program, "train", made, "--model", "res_cnn", "--epochs", 1, "--run", folder / "run")
    run(program, "corpus", folder / "long", "--clips", 1, "--seconds", 30, "--styles", "jazz")
    song = next((folder / "long").rglob("*.wav"))
    run("ffmpeg", "-v", "error", "-i", song, "-ar", 44100, "-ac", 2, whole)
    run("ffmpeg", "-v", "error", "-i", song, "-ar", 44100, "-ac", 2, "-b:a", "192k", folder / "song.mp3")
    run("ffmpeg", "-v", "error", "-i", whole, "-t", 3, folder / "short.wav")
    return {"WAV, 30 s": whole.read_bytes(), "MP3, 30 s": (folder / "song.mp3").read_bytes(),
            "WAV, 3 s": (folder / "short.wav").read_bytes()}


def unlike(sound, number):
    """The same sound in other bytes: a tag before an MP3, the last sample of a WAV."""
    if sound[:4] == b"RIFF":
        return sound[:-4] + number.to_bytes(4, "little")
    words = b"\0" + f"{number:012d}".encode()
    return b"ID3\3\0\0" + bytes([0, 0, 0, len(words) + 10]) + b"TIT2" + len(words).to_bytes(4, "big") + b"\0\0" + words + sound


# --- asking ------------------------------------------------------------------------------------

def request_of(port, sound, number):
    edge = "moonlark-bench-edge"
    body = (f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="song"\r\n'
            f"Content-Type: application/octet-stream\r\n\r\n").encode() + unlike(sound, number) + f"\r\n--{edge}--\r\n".encode()
    return (f"POST /v1/predictions?wait=60 HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: {len(body)}\r\n"
            f"Content-Type: multipart/form-data; boundary={edge}\r\n\r\n").encode() + body


async def read_answer(reader):
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    fields = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
    body = await reader.readexactly(int(fields.get("content-length", 0)))
    return int(head.split(" ")[1]), body


class Client:
    """A connection that stays."""

    def __init__(self, port):
        self.port = port

    async def __aenter__(self):
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        return self

    async def __aexit__(self, *_):
        self.writer.close()

    async def ask(self, sound, number):
        """The result of a prediction, and how many seconds it took."""
        request = request_of(self.port, sound, number)
        began = time.perf_counter()
        self.writer.write(request)
        await self.writer.drain()
        status, body = await read_answer(self.reader)
        taken = time.perf_counter() - began
        answer = json.loads(body)
        answer = answer.get("result", answer)
        if status != 200 or "probabilities" not in answer:
            raise RuntimeError(f"{status}: {body[:300]!r}")
        return answer, taken


# --- the two services ---------------------------------------------------------------------------

def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def tree_of(root):
    """A process and all below it."""
    children = {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
                children.setdefault(parent, []).append(int(entry.name))
    found = [root]
    for pid in found:
        found += children.get(pid, [])
    return found


def memory_of(root):
    """MB that all processes of a service hold: shared pages shared out (PSS)."""
    total = 0
    for pid in tree_of(root):
        with contextlib.suppress(OSError):
            for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
    return total / 1024


def processor_of(root):
    """Seconds of processor time that a service has used, with what has ended."""
    total = 0
    for pid in tree_of(root):
        with contextlib.suppress(OSError):
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            total += sum(int(field) for field in fields[11:15])
    return total / os.sysconf("SC_CLK_TCK")


class Service:
    def __init__(self, name, command, port, environment=None):
        self.name, self.command, self.port, self.environment = name, command, port, environment

    def __enter__(self):
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen([str(word) for word in self.command], stdout=self.log, stderr=self.log,
                                        env={**os.environ, **(self.environment or {})}, start_new_session=True)
        return self

    def __exit__(self, *_):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    async def first_answer(self, sound):
        """Asks until there is a prediction."""
        while True:
            if self.process.poll() is not None:
                self.log.seek(0)
                sys.exit(f"{self.name} ended:\n{self.log.read()}")
            try:
                async with Client(self.port) as client:
                    return (await client.ask(sound, 0))[0]
            except (OSError, asyncio.IncompleteReadError, RuntimeError):
                await asyncio.sleep(0.02)


def services(args, folder):
    one, two = free_port(), free_port()
    threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    found = []
    if args.only != "peer":
        found.append(Service("Moonlark", [args.moonlark, "serve", "--port", one, "--rate", 0, "--workers", WORKERS, "--models",
                                          folder / "run"], one, {**threads, "TMPDIR": str(folder)}))
    if args.only != "moonlark":
        found.append(Service("FastAPI", [args.peer, "-m", "uvicorn", "--app-dir", HERE / "peers", "serve_peer:app", "--port", two,
                                         "--workers", WORKERS, "--log-level", "warning"], two,
                             {**threads, "RUN": str(folder / "run"), "TORCH_THREADS": "1"}))
    return found


# --- what is measured ---------------------------------------------------------------------------

async def latency(port, sound, rounds):
    async with Client(port) as client:
        for i in range(5):
            await client.ask(sound, 10**9 + i)
        times = sorted([(await client.ask(sound, i))[1] for i in range(1, rounds + 1)])
    return {"median": 1000 * statistics.median(times), "p99": 1000 * times[math.ceil(0.99 * rounds) - 1]}


async def throughput(port, sound, requests, first):
    """Requests a second of CLIENTS clients that ask as soon as they are answered."""
    numbers = iter(range(first, first + requests))

    async def work():
        async with Client(port) as client:
            for number in numbers:
                await client.ask(sound, number)

    began = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(CLIENTS)))
    return requests / (time.perf_counter() - began)


async def memory(service, sound, requests):
    """MB at the start, after a tenth of the requests, and after all of them."""
    marks = [memory_of(service.process.pid)]
    for first, n in ((10**6, requests // 10), (2 * 10**6, requests - requests // 10)):
        await throughput(service.port, sound, n, first)
        await asyncio.sleep(2)
        marks.append(memory_of(service.process.pid))
    return marks


async def measure(service, sounds, args):
    found = {}
    began = time.perf_counter()
    with service:
        found["predictions"] = {"WAV, 30 s": await service.first_answer(sounds["WAV, 30 s"])}
        found["start"] = time.perf_counter() - began
        async with Client(service.port) as client:
            found["predictions"]["MP3, 30 s"] = (await client.ask(sounds["MP3, 30 s"], 0))[0]
        for name in ("WAV, 30 s", "MP3, 30 s"):
            found["latency " + name] = await latency(service.port, sounds[name], args.rounds)
            before = processor_of(service.process.pid)
            found["throughput " + name] = await throughput(service.port, sounds[name], args.throughput, 10**5)
            found["processor " + name] = 1000 * (processor_of(service.process.pid) - before) / args.throughput
        found["memory"] = await memory(service, sounds["WAV, 3 s"], args.many)
    return found


def compare(found):
    """The most that the two differ in a probability."""
    if len(found) < 2:
        return None
    one, two = (each["predictions"] for each in found.values())
    return max(abs(one[song]["probabilities"][name] - two[song]["probabilities"][name])
               for song in one for name in one[song]["probabilities"])


def table(found, args):
    names = list(found)
    rows = [("start to first answer, s", lambda f: f"{f['start']:.2f}")]
    for song in ("WAV, 30 s", "MP3, 30 s"):
        rows += [(f"{song}: latency, median, ms", lambda f, song=song: f"{f['latency ' + song]['median']:.0f}"),
                 (f"{song}: latency, 99 of 100 within, ms", lambda f, song=song: f"{f['latency ' + song]['p99']:.0f}"),
                 (f"{song}: {CLIENTS} clients, predictions a second", lambda f, song=song: f"{f['throughput ' + song]:.1f}"),
                 (f"{song}: processor time a prediction, ms", lambda f, song=song: f"{f['processor ' + song]:.0f}")]
    rows += [("memory at first, MB", lambda f: f"{f['memory'][0]:.0f}"),
             (f"memory after {args.many // 10} short clips, MB", lambda f: f"{f['memory'][1]:.0f}"),
             (f"memory after {args.many} short clips, MB", lambda f: f"{f['memory'][2]:.0f}")]
    lines = ["| what | " + " | ".join(names) + " |", "|---|" + "--:|" * len(names)]
    lines += [f"| {what} | " + " | ".join(say(found[name]) for name in names) + " |" for what, say in rows]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--moonlark", default="build/release/bin/moonlark")
    parser.add_argument("--peer", default=sys.executable)
    parser.add_argument("--only", choices=["moonlark", "peer"])
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--throughput", type=int, default=400)
    parser.add_argument("--many", type=int, default=10000)
    parser.add_argument("--out")
    args = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="moonlark-bench-"))
    try:
        sounds = make_songs(args.moonlark, folder)
        found = {service.name: asyncio.run(measure(service, sounds, args)) for service in services(args, folder)}
    finally:
        shutil.rmtree(folder)
    differ = compare(found)
    text = company.heading("The service", "serve.py --peer PYTHON") + "\n" + table(found, args)
    if differ is not None:
        text += f"\nThe probabilities of the two differ by {differ:.1g} at most.\n"
    if args.out:
        pathlib.Path(args.out).write_text(text)
    print(text)


if __name__ == "__main__":
    main()
