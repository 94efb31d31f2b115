"""Hostile requests: what strangers may send to a service, and what must come back. One function a kind; the same number gives
the same request on every machine.

A kind is a function of a random.Random and of the port; it returns a Case.
"""
import dataclasses
import struct

import bombs

KINDS = {}


@dataclasses.dataclass
class Case:
    pieces: list                  # bytes to send, or seconds to wait
    allowed: tuple                # statuses that may come back; None: closed without an answer
    half: bool = False            # our side of the connection is closed behind them
    answers: int = 1              # how many answers may come at most
    after: object = None          # a check of the first answer: f(status, head, body) -> a complaint or nothing
    token: bool = False           # for the service that wants a token
    frames: bool = False          # what comes after 101 are frames of a WebSocket


def kind(f):
    KINDS[f.__name__] = f
    return f


def junk(random, n):
    return random.randbytes(n)


def request(port, method="GET", path="/v1/hello/you", headers=(), body=b"", host=True, close=True, version="HTTP/1.1"):
    lines = [f"{method} {path} {version}"]
    if host:
        lines.append(f"Host: 127.0.0.1:{port}")
    if close:
        lines.append("Connection: close")
    lines += list(headers)
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def form_of(parts, edge="edge", end=True):
    body = b"".join(b"--" + edge.encode() + b"\r\n" + head + b"\r\n\r\n" + content + b"\r\n" for head, content in parts)
    return body + (b"--" + edge.encode() + b"--\r\n" if end else b"")


def upload(port, body, edge="edge", length=None, headers=()):
    return request(port, "POST", "/v1/sound", [f"Content-Type: multipart/form-data; boundary={edge}",
                                               f"Content-Length: {len(body) if length is None else length}", *headers], body)


FILE = b'Content-Disposition: form-data; name="file"; filename="a.wav"\r\nContent-Type: audio/wav'


# --- bodies ------------------------------------------------------------------------------------

@kind
def truncated_form(random, port):
    body = form_of([(FILE, junk(random, random.randrange(2000)))])
    cut = random.randrange(len(body))
    return Case([upload(port, body[:cut], length=len(body))], (None, 400, 408), half=random.random() < 0.7)


@kind
def damaged_form(random, port):
    body = bytearray(form_of([(FILE, junk(random, 300)), (b'Content-Disposition: form-data; name="top"', b"5")]))
    for _ in range(random.randrange(1, 20)):
        body[random.randrange(len(body))] = random.randrange(256)
    edge = random.choice(["edge", "edge", "egde", '"edge"', "", "e" * 300])
    return Case([upload(port, bytes(body), edge)], (None, 201, 400, 413, 415, 422))


@kind
def strange_parts(random, port):
    head = random.choice([
        b"", b"Content-Disposition: form-data", b"Content-Disposition: form-data; filename=", b"X: " + b"y" * 20000,
        b'Content-Disposition: form-data; name="' + b"n" * 5000 + b'"', b'Content-Disposition: form-data; name=file; filename="',
        b"Content-Disposition: attachment; name=\"file\"; filename=\"a\"\r\nContent-Transfer-Encoding: base64",
        FILE + b"\r\nContent-Length: 99999999",
    ])
    parts = [(head, junk(random, 50))] * random.choice([1, 2, 500])
    return Case([upload(port, form_of(parts, end=random.random() < 0.7))], (None, 201, 400, 413, 422))


@kind
def hostile_names(random, port):
    name = random.choice(["<script>alert(1)</script>.wav", "../../etc/passwd", "/etc/shadow", "a\tb\x01\x1b[2J.wav", "%00.wav",
                          "..\\..\\boot.ini", "$(touch pwned)", "'; drop table songs; --", "\u202egpj.wav", "con", "." * 3000,
                          "\udcff\udcfe.wav", "a\x7f.mp3", "‮evil", "<img src=x onerror=alert(1)>"])
    written = name.encode("utf-8", "surrogateescape").replace(b'"', b"%22")

    def after(status, head, body):
        if status == 201 and (b"<script" in head or b"content-type: application/json" not in head.lower()):
            return "the name reached a header, or the answer is no JSON"
        return None
    body = form_of([(b'Content-Disposition: form-data; name="file"; filename="' + written + b'"', b"RIFF")])
    return Case([upload(port, body)], (201, 400, 413, 422), after=after)


@kind
def slow_body(random, port):
    head = upload(port, b"", length=100000)
    pieces = [head]
    for _ in range(30):
        pieces += [0.1, b"x" * random.randrange(1, 5)]
    return Case(pieces, (408, None, 400))


@kind
def silent_body(random, port):
    return Case([upload(port, b"", length=random.choice([1, 1000, 2000000]))], (408, None))


@kind
def too_long_body(random, port):
    said = random.choice([2000001, 10**9, 2**31, 2**32, 2**63 - 1])
    expect = ["Expect: 100-continue"] if random.random() < 0.5 else []
    return Case([upload(port, b"x" * random.choice([0, 1000]), length=said, headers=expect)], (413, None))


@kind
def too_long_chunks(random, port):
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    head = request(port, "POST", "/v1/sound", ["Content-Type: audio/wav", "Transfer-Encoding: chunked"])
    return Case([head, chunk * random.randrange(31, 60), b"0\r\n\r\n"], (413, None))


@kind
def chunk_nonsense(random, port):
    size = random.choice([b"zz", b"-1", b"", b"ffffffffffffffff", b"fffffffffffffffff", b"5;" + b"x" * 40000, b"0x5", b" 5", b"5 ",
                          b"+5", b"5\n", b"\r\n", b"g", junk(random, 8)])
    head = request(port, "POST", "/v1/sound", ["Content-Type: audio/wav", "Transfer-Encoding: chunked"])
    body = size + b"\r\n" + random.choice([b"hello\r\n0\r\n\r\n", b"hello", b"", b"hello0\r\n\r\n", junk(random, 100)])
    return Case([head, body], (None, 201, 400, 408, 413, 422, 500), half=random.random() < 0.5)  # 500: libmicrohttpd's own


@kind
def json_nonsense(random, port):
    body = random.choice([b"{", b"[" * 100000, b'{"a":' * 50000, b"\xff\xfe", b"\0\0", b"NaN", b'{"a":1e999}', b'"' + b"x" * 1000,
                          b'{"a":"\\ud800"}', b"{}{}", b"\xef\xbb\xbf{}", b"1" * 500000, junk(random, 200), b"x" * 1100000])
    return Case([request(port, "POST", "/v1/json", ["Content-Type: application/json", f"Content-Length: {len(body)}"], body)],
                (200, 400, 413, 422))


@kind
def wrong_types(random, port):
    said = random.choice(["text/html", "application/x-www-form-urlencoded", "multipart/mixed; boundary=edge", "application/json; x",
                          "multipart/form-data", "multipart/form-data; boundary=", "x" * 5000, "/", "\xff"])
    body = form_of([(FILE, b"RIFF")])
    return Case([request(port, "POST", random.choice(["/v1/json", "/v1/sound"]), [f"Content-Type: {said}", f"Content-Length: {len(body)}"],
                         body)], (None, 201, 400, 415, 422))


# --- lengths and smuggling ---------------------------------------------------------------------

SMUGGLED = b"GET /v1/smuggled HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


@kind
def wrong_lengths(random, port):
    said = random.choice(["-1", "abc", "1e3", "18446744073709551616", "99999999999999999999999", "+5", "5 5", "0x10", "5, 5", "5,6", "",
                          "5;", "\x005", "５"])
    head = request(port, "POST", "/v1/json", ["Content-Type: application/json", "Content-Length: " + said.encode().decode("latin-1")])
    return Case([head, b'{"a"}'], (None, 400, 411, 413), half=random.random() < 0.5)


@kind
def double_lengths(random, port):
    one, two = random.choice([(2, 50), (50, 2), (0, 50), (2, 2)])
    head = request(port, "POST", "/v1/json", ["Content-Type: application/json", f"Content-Length: {one}", f"Content-Length: {two}"],
                   close=False)
    return Case([head, b"{}", SMUGGLED], (None, 400), half=True)


@kind
def both_lengths(random, port):
    fields = ["Content-Length: " + random.choice(["2", "5", "100"]), "Transfer-Encoding: chunked"]
    random.shuffle(fields)
    head = request(port, "POST", "/v1/json", ["Content-Type: application/json", *fields], close=False)
    return Case([head, b"2\r\n{}\r\n0\r\n\r\n", SMUGGLED], (None, 400), half=True)


@kind
def strange_encodings(random, port):
    said = random.choice(["Transfer-Encoding: gzip, chunked", "Transfer-Encoding: chunked, identity", "Transfer-Encoding: xchunked",
                          "Transfer-Encoding: identity", "Transfer-Encoding:\x0bchunked", "Transfer-Encoding: chunked\r\nTransfer-Encoding: x",
                          "Transfer-Encoding : chunked", "Transfer-Encoding: \"chunked\"", "transfer-encoding: chunKed, chunked"])
    head = request(port, "POST", "/v1/json", ["Content-Type: application/json", said], close=False)
    return Case([head, b"2\r\n{}\r\n0\r\n\r\n", SMUGGLED], (None, 400, 411, 501), half=True)


@kind
def body_where_none_is(random, port):
    said = b"GET /v1/hidden HTTP/1.1\r\nHost: localhost\r\n\r\n"
    return Case([request(port, "GET", headers=[f"Content-Length: {len(said)}"], body=said)], (200, 400, 413))


# --- addresses ---------------------------------------------------------------------------------

@kind
def path_tricks(random, port):
    root = random.choice(["/", "/v1/", "/v1/hello/", "/static/", "/v1/songs/"])
    step = random.choice(["../", "%2e%2e/", "..%2f", "%2e%2e%2f", "..\\", "%c0%ae%c0%ae/", "%252e%252e/", "....//", ".%00./", "..;/",
                          "%uff0e./", "..%c1%9c", "//"])
    goal = random.choice(["etc/passwd", "proc/self/environ", "etc/passwd%00.png", "\xff\xfe", "%ff%fe", "a%0d%0aX:%20y"])

    def after(status, head, body):
        return "a file of the machine came back" if b"root:" in body or b"PATH=" in body else None
    return Case([request(port, "GET", root + step * random.randrange(1, 12) + goal)], (200, 400, 404), after=after)


@kind
def strange_targets(random, port):
    target = random.choice(["http://evil.example/", "*", "v1/hello/you", "", "/?" + "a=b&" * 3000, "/" + "a/" * 3000, "//evil.example/v1",
                            "/v1/hello/" + "%41" * 2000, "/v1/hello/%", "/v1/hello/%4", "/\x01\x02", "/v1/hello/you#x", "?", "/v1/hello/%00",
                            "/" + "a" * 40000, "/v1/hello/you?=&&==&%", "http://127.0.0.1:1/v1/hello/you"])
    return Case([request(port, "GET", target)], (None, 200, 400, 404, 414, 431))


# --- who asks ----------------------------------------------------------------------------------

@kind
def foreign_hosts(random, port):
    host = random.choice(["evil.example", f"evil.example:{port}", "127.0.0.1.evil.example", "localhost.evil.example", "localhost@evil.example",
                          "evil.example#localhost", "[::1", "[]", ":", "127.0.0.1:port", "x" * 5000, "localhost, evil.example", "local\thost",
                          "127.0.0.1 evil.example", "１２７.0.0.1"])
    host = host.encode().decode("latin-1")
    return Case([request(port, headers=[f"Host: {host}"], host=False)], (400, 421))


@kind
def no_host_or_two(random, port):
    if random.random() < 0.5:
        return Case([request(port, host=False)], (400, 421))
    return Case([request(port, headers=["Host: evil.example"])], (400, 421))


@kind
def foreign_origins(random, port):
    origin = random.choice(["https://evil.example", "null", "file://", "http://127.0.0.1.evil.example", f"http://127.0.0.1:{port}.evil.example",
                            f"http://evil.example#127.0.0.1:{port}", "http://127.0.0.1:1", f"https://evil.example/127.0.0.1:{port}", ""])
    method, path = random.choice([("GET", "/v1/hello/you"), ("POST", "/v1/json"), ("GET", "/v1/echo")])
    return Case([request(port, method, path, [f"Origin: {origin}"])], (403,))


@kind
def wrong_tokens(random, port):
    token = "0123456789abcdef0123456789abcdef"
    said = random.choice([f"Bearer {token[:-1]}", f"Bearer {token}x", "Bearer ", "Bearer", token, f"Basic {token}", f"Bearer  {token} ",
                          "Bearer " + "x" * 10000, "Bearer \xff", f"Token {token}"])
    field = random.choice(["Authorization: " + said, f"Cookie: moonlark={token[1:]}", f"Cookie: xmoonlark={token}", "Cookie: moonlark=",
                           f"X-Token: {token}", "Cookie: " + ";" * 3000])
    return Case([request(port, headers=[field])], (None, 401) if ";;" in field else (401,), token=True)  # libmicrohttpd


# --- headers and lines ---------------------------------------------------------------------------

@kind
def huge_headers(random, port):
    fields = random.choice([["X: " + "y" * random.randrange(40000, 200000)], [f"X-{i}: {'y' * 20}" for i in range(3000)],
                            ["X" * 50000 + ": y"], ["Cookie: " + "a=b; " * 20000], ["Range: bytes=" + "0-1," * 20000]])
    return Case([request(port, headers=fields)], (None, 400, 413, 431))


@kind
def slow_headers(random, port):
    pieces = [b"GET /v1/hello/you HTTP/1.1\r\n"]
    for i in range(25):
        pieces += [0.1, random.choice([b"X", f"X-{i}: y\r\n".encode()])]
    return Case(pieces, (None, 400, 408))


@kind
def broken_headers(random, port):
    field = random.choice(["no colon", ": no name", "X\x00Y: z", "X: a\x00b", " X: folded", "X: a\r\n b", "X: a\nY: b", "X: a\rY: b", "X :y",
                           "\x01: y", "Connection: " + "close, " * 1000, "Connection: Upgrade\r\nUpgrade: h2c", "Content-Encoding: gzip",
                           "Expect: nonsense", "Range: bytes=9-1", "Range: bytes=-", "Range: bytes=99999999999999999999-", "TE: trailers"])
    return Case([request(port, headers=[field])], (None, 200, 400, 417))


@kind
def broken_lines(random, port):
    line = random.choice([b"GET\r\n\r\n", b"GET /\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET / HTTP/1.1 x\r\n\r\n", b"get / http/1.1\r\n\r\n",
                          b"\r\n" * 5000, b"HTTP/1.1 200 OK\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03",
                          b"G" * 50000, b"GET / HTTP/1.1\nHost: localhost\n\n", b"\0" * 100, junk(random, 300), b"SSH-2.0-OpenSSH_9\r\n",
                          b"GET  /  HTTP/1.1\r\nHost: localhost\r\n\r\n", b"CONNECT evil.example:443 HTTP/1.1\r\nHost: localhost\r\n\r\n"])
    return Case([line], (None, 200, 400, 404, 405, 408, 414, 421, 431, 501, 505), half=True, answers=20)


@kind
def strange_methods(random, port):
    method = random.choice(["TRACE", "CONNECT", "BREW", "get", "GET" * 500, "PROPFIND", "DELETE", "PUT", "\xff", "PATCH", "POST"])
    return Case([request(port, method, "/v1/hello/you")], (None, 400, 403, 404, 405, 411, 414, 431, 501))


# --- connections -----------------------------------------------------------------------------------

@kind
def half_closed(random, port):
    return Case([request(port, close=random.random() < 0.5)], (None, 200), half=True)  # like nginx: who closes has gone


@kind
def pipelined(random, port):
    n = random.randrange(2, 12)
    return Case([request(port, close=False) * (n - 1) + request(port)], (200,), answers=n)


@kind
def gone_early(random, port):
    whole = random.choice([request(port), upload(port, form_of([(FILE, junk(random, 5000))]))])
    return Case([whole[:random.randrange(len(whole))]], (None, 200, 201, 400, 408), half=True)


# --- WebSockets --------------------------------------------------------------------------------------

def handshake(port, headers=None, path="/v1/echo"):
    fields = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
              "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", **(headers or {})}
    return request(port, "GET", path, [f"{name}: {value}" for name, value in fields.items() if value is not None], close=False)


@kind
def socket_handshakes(random, port):
    field = random.choice([{"Sec-WebSocket-Version": random.choice(["8", "0", "13, 8", "x", None])}, {"Upgrade": random.choice(["h2c", "", None])},
                           {"Sec-WebSocket-Key": random.choice(["short", "", None, "x" * 1000, "dGhlIHNhbXBsZSBub25jZQ"])},
                           {"Connection": random.choice(["keep-alive", "close", None])}])
    return Case([handshake(port, field)], (400, 426))


@kind
def socket_frames(random, port):
    def frame(head, data, mask=0x80, size=None):
        return bytes([head, mask | len(data)]) + (b"\0\0\0\0" if mask else b"") + data
    good = frame(0x81, b"hello")
    wrong = random.choice([
        frame(0x81, b"bare", mask=0), frame(0xF1, b"rsv"), frame(0x80, b"orphan"), frame(0x83, b"what"), frame(0x81, b"\xff\xfe"),
        b"\x82\xff" + struct.pack(">Q", 2**63) + b"\0\0\0\0", b"\x82\xff" + struct.pack(">Q", 2**40) + b"\0\0\0\0x" * 50,
        frame(0x88, b"\x03"), frame(0x88, b"\x03\xed"), frame(0x08, b""), b"\x89\xfe\0\x80\0\0\0\0" + b"x" * 128, frame(0x01, b"x") * 3,
        frame(0x01, b"x") + frame(0x00, b"x") * 3000, junk(random, 500), frame(0x89, b"ping") * 2000, b""])
    return Case([handshake(port), good * random.randrange(3), wrong, 0.3], (101,), half=True, frames=True)


# --- the routes that hear ------------------------------------------------------------------------------

@kind
def hostile_sounds(random, port):
    name, sound, allowed = random.choice(bombs.SOUNDS)
    if random.random() < 0.3 and len(sound) > 20:  # one of its bytes, behind what says which format it is
        sound = bytearray(sound)
        sound[random.randrange(12, len(sound))] = random.randrange(256)
        allowed = (201, 413, 422)
    head = f'Content-Disposition: form-data; name="file"; filename="{name}"'.encode()
    body = form_of([(head, bytes(sound))])
    return Case([request(port, "POST", "/v1/songs", ["Content-Type: multipart/form-data; boundary=edge", f"Content-Length: {len(body)}"],
                         body)], (*allowed, 503))  # 503: its queue is full


@kind
def forbidden_paths(random, port):
    path = random.choice(["/etc/passwd", "../../etc/passwd", "file:///etc/passwd", "/proc/self/mem", "", "\\u0000", "/dev/zero", "~/.ssh/id_rsa",
                          "http://127.0.0.1:22/", "/" + "a/" * 2000, "|id", "-"])
    body = f'{{"path": "{path}"}}'.encode()
    where = random.choice(["/v1/songs", "/v1/analyses", "/v1/predictions", "/v1/features"])
    return Case([request(port, "POST", where, ["Content-Type: application/json", f"Content-Length: {len(body)}"], body)], (400, 403, 404, 409, 422))


@kind
def strange_ids(random, port):
    one = random.choice(["x", "0" * 32, "..", "%2e%2e", "0" * 31 + "%00", "f" * 5000, "*", "' or 1=1", "%ff", "{id}"]).replace(" ", "%20")
    where = random.choice(["/v1/songs/ID", "/v1/songs/ID/audio", "/v1/songs/ID/maps/mel/0/0.png", "/v1/analyses/ID", "/v1/analyses/ID/events",
                           "/v1/songs/ID/maps/x/99999999999999999999/-1.png", "/v1/runs/ID", "/v1/features/ID", "/v1/analyses/ID/report"])
    method = random.choice(["GET", "GET", "DELETE"])
    return Case([request(port, method, where.replace("ID", one))], (200, 400, 404, 405, 422))


@kind
def strange_questions(random, port):
    body = random.choice([b'{"song": 5}', b'{"song": ["a"]}', b'{"wait": 1e308}', b'{"song": null, "path": null}', b'{"parts": [[[[]]]]}', b"[]",
                          b'{"__proto__": 1}', b'{"song": "' + b"0" * 32 + b'", "top": -1}', b'{"features": {"mel": {"n_fft": 1e18}}}', b'"x"',
                          b'{"model": "../../etc/passwd", "song": "' + b"0" * 32 + b'"}', b'{"song": "' + b"0" * 32 + b'"}'])
    where = random.choice(["/v1/analyses", "/v1/predictions", "/v1/features", "/v1/embeddings"]) + random.choice(["", "?wait=-1", "?wait=x"])
    return Case([request(port, "POST", where, ["Content-Type: application/json", f"Content-Length: {len(body)}"], body)], (400, 404, 409, 422))  # 409: it has no models


@kind
def live_noise(random, port):
    def frame(head, data):
        size = bytes([0x80 | len(data)]) if len(data) < 126 else b"\xfe" + struct.pack(">H", len(data))
        return bytes([head]) + size + b"\0\0\0\0" + data
    query = random.choice(["rate=8000&format=s16", "rate=768000&channels=64", "format=opus", "rate=8000&format=u8&events=level", "rate=44100"])
    pieces = [frame(0x82, junk(random, random.randrange(5000))) for _ in range(random.randrange(1, 4))]
    words = [frame(0x81, random.choice([b'{"kind":"end"}', b"{}", b"null", b"[" * 500]))] if random.random() < 0.5 else []
    return Case([handshake(port, path="/v1/live?" + query), *pieces, *words, 1.0], (None, 101, 503), half=True, frames=True, answers=9)
