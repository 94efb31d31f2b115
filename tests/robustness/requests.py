"""Hostile requests to a service, each with what must come back (hostile.py): none answered wrongly, none left without an end,
and afterwards a service that is well and no larger.

    python3 tests/robustness/requests.py [--count 10000] [--seed 0] [--only KIND] [--case KIND:NUMBER] [--moonlark PROGRAM]

Needs nothing but Python. Exit code 1 when there are findings.
"""
import argparse
import asyncio
import collections
import contextlib
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

import hostile

HERE = pathlib.Path(__file__).parent
TOGETHER, PATIENCE = 24, 10
TOKEN = "0123456789abcdef0123456789abcdef"


# --- the service -------------------------------------------------------------------------------

class Service:
    def __init__(self, program, folder, token):
        self.log_path = folder / f"log-{token}"
        (folder / "token").write_text(TOKEN + "\n")
        command = [program, "serve", "--port", "0", "--rate", "0", "--idle", "1", "--body-time", "1", "--max-upload", "2000000",
                   "--connections", "128", "--connections-of-one", "128", "--duration", "60", "--memory", "256", "--routes", HERE / "requests.lua"]
        if token:
            command += ["--token-file", folder / "token"]
        self.process = subprocess.Popen([str(word) for word in command], stderr=open(self.log_path, "w"), cwd=folder,
                                        stdout=subprocess.DEVNULL, env={**os.environ, "TMPDIR": str(folder)})
        for _ in range(600):
            found = re.search(r"http://[^\n]+:(\d+)\n", self.log_path.read_text())
            if found:
                break
            time.sleep(0.05)
        self.port = int(found.group(1))

    def size(self):
        """Descriptors, and KB of memory that it shares with nobody."""
        pid = self.process.pid
        text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
        own = sum(int(n) for n in re.findall(r"^Private_\w+:\s+(\d+)", text, re.M))
        return len(os.listdir(f"/proc/{pid}/fd")), own

    def end(self):
        """Its exit code after SIGTERM."""
        self.process.terminate()
        try:
            return self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return "no end within 30 s"


# --- one request ---------------------------------------------------------------------------------

async def send(writer, case):
    for piece in case.pieces:
        if isinstance(piece, float):
            await asyncio.sleep(piece)
        else:
            writer.write(piece)
            await writer.drain()
    if case.half:
        writer.write_eof()


async def talk(port, case):
    """All that came back until the connection's end; the second is False where there was none in time."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    came, ended = bytearray(), True
    sender = asyncio.ensure_future(send(writer, case))
    try:
        async with asyncio.timeout(PATIENCE):
            while piece := await reader.read(65536):
                came += piece
    except TimeoutError:
        ended = False
    except OSError:
        pass
    sender.cancel()
    with contextlib.suppress(asyncio.CancelledError, OSError):
        await sender
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return bytes(came), ended


def answers_in(came, no_bodies):
    """A list of (status, head, body); what is no answer of HTTP has status 0."""
    found = []
    while came:
        came = re.sub(rb"^HTTP/1.1 100 [^\r]*\r\n\r\n", b"", came)
        match = re.match(rb"HTTP/1\.[01] (\d+) [^\r\n]*\r\n(.*?\r\n)?\r\n", came, re.S)
        if not match:
            return found + ([(0, b"", came)] if came else [])
        head, rest = match.group(0), came[match.end():]
        if rest.startswith(head):  # libmicrohttpd's own refusals (0.9.75) begin twice
            rest = rest[len(head):]
        size = re.search(rb"content-length: (\d+)", head, re.I)
        size = 0 if no_bodies else int(size.group(1)) if size else len(rest)
        found.append((int(match.group(1)), head, rest[:size]))
        came = rest[size:]
    return found


def frames_fault(rest):
    """Frames of a server: unmasked, known, whole; the last may be cut off."""
    while len(rest) >= 2:
        if rest[1] & 0x80 or rest[0] & 0x70 or rest[0] & 15 not in (0, 1, 2, 8, 9, 10):
            return f"no frame of a server: {rest[:10]!r}"
        size, head = rest[1], 2
        if size == 126:
            size, head = int.from_bytes(rest[2:4], "big"), 4
        elif size == 127:
            size, head = int.from_bytes(rest[2:10], "big"), 10
        rest = rest[head + size:]
    return None


def fault_of(case, came, ended):
    """What is wrong with an answer, or None."""
    if not ended:
        return f"no end within {PATIENCE} s: {came[:200]!r}"
    if not came:
        return None if None in case.allowed else "closed without an answer"
    found = answers_in(came, no_bodies=False)
    status, head, body = found[0]
    if status not in case.allowed:
        return f"answered {came[:300]!r}, allowed: {case.allowed}"
    if case.frames and status == 101:
        return frames_fault(body)
    if len(found) > case.answers:
        return f"{len(found)} answers: {[one[0] for one in found]}"
    if b"smuggled" in came and status == 200:
        return "a request within another was answered"
    return case.after and case.after(status, head, body)


# --- all of them -----------------------------------------------------------------------------------

def case_of(name, number, port):
    return hostile.KINDS[name](random.Random(f"{name}:{number}"), port)


async def healthy(port):
    began = time.perf_counter()
    came, ended = await talk(port, hostile.Case([hostile.request(port)], (200,)))
    return ended and came.startswith(b"HTTP/1.1 200") and time.perf_counter() - began < 2


async def judge(services, names, report):
    names = iter(names)

    async def work():
        for name, number in names:
            case = case_of(name, number, services[0].port)
            port = services[1 if case.token else 0].port
            case = case_of(name, number, port)
            try:
                fault = fault_of(case, *await talk(port, case))
            except OSError as why:
                fault = f"no connection: {why}"
            report(name, number, fault)

    await asyncio.gather(*(work() for _ in range(TOGETHER)))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=10000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=sorted(hostile.KINDS))
    parser.add_argument("--case")
    parser.add_argument("--moonlark", default="build/release/bin/moonlark")
    args = parser.parse_args()
    kinds = [args.only] if args.only else sorted(hostile.KINDS)
    names = [(kinds[i % len(kinds)], args.seed + i // len(kinds)) for i in range(args.count)]
    if args.case:
        names = [(args.case.split(":")[0], int(args.case.split(":")[1]))]
    folder = pathlib.Path(tempfile.mkdtemp(prefix="moonlark-hostile-"))
    program = pathlib.Path(args.moonlark).resolve()
    services = [Service(program, folder, token) for token in (False, True)]
    findings, counted = [], collections.Counter()

    def report(name, number, fault):
        counted[name] += 1
        if fault:
            findings.append(f"{name}:{number}: {fault}")
            print(findings[-1], flush=True)

    first = names[:max(len(names) // 10, 1)]
    sizes = []
    asyncio.run(judge(services, first, report))
    time.sleep(1.5)
    if services[0].process.poll() is not None:
        sys.exit(f"the service ended with {services[0].process.poll()}: see {folder}")
    before = [service.size() for service in services]
    rest = names[len(first):]
    for i in range(3):  # what grows without end grows in each third
        asyncio.run(judge(services, rest[i * len(rest) // 3:(i + 1) * len(rest) // 3], report))
        sizes.append([service.size() for service in services])
    if not asyncio.run(healthy(services[0].port)):
        findings.append("the service is not well afterwards")
    time.sleep(1.5)
    after = [service.size() for service in services]
    for (files, own), (files_after, own_after) in zip(before, after):
        grew = own_after > 1.05 * own + 1024 and len(names) >= 2000  # before that it still fills its buffers
        if files_after > files + 2 or grew:
            findings.append(f"it grew from {files} descriptors and {own} KB to {files_after} and {own_after} KB")
    for service in services:
        if service.process.poll() is not None:
            sys.exit(f"the service ended with {service.process.poll()}: see {folder}")
        code = service.end()
        if code != 0:
            findings.append(f"it ended with {code}")
        log = service.log_path.read_text().split("\n", 1)[1]
        if log:
            findings.append(f"its log: {log[:2000]}")
    left = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if not path.name.startswith(("log-", "token")))
    if left:
        findings.append(f"files are left: {left[:10]}")
    shutil.rmtree(folder)
    print(f"{sum(counted.values())} requests of {len(counted)} kinds; descriptors and KB after a tenth: {before}, thirds: {sizes}, at the end: {after}; "
          f"{len(findings)} findings")
    for finding in findings[:50]:
        print("-", finding[:600])
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
