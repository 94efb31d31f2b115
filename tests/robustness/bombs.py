"""Sounds that are more than they seem, or none: what strangers may upload."""
import struct


def crc(data, width, polynomial):
    value, top = 0, 1 << (width - 1)
    for byte in data:
        value ^= byte << (width - 8)
        for _ in range(8):
            value = (value << 1 ^ (polynomial if value & top else 0)) & ((1 << width) - 1)
    return value


def utf8_number(n):
    if n < 0x80:
        return bytes([n])
    if n < 0x800:
        return bytes([0xC0 | n >> 6, 0x80 | n & 63])
    return bytes([0xE0 | n >> 12, 0x80 | n >> 6 & 63, 0x80 | n & 63])


def flac_of_silence(frames, rate=8000, block=65535):
    """So many frames of 14 bytes that are 65535 zeros each: 8 s of silence a frame."""
    info = struct.pack(">HH", block, block) + bytes(6) + (rate << 44 | 0 << 41 | 15 << 36 | frames * block).to_bytes(8, "big") + bytes(16)
    out = [b"fLaC" + b"\x80" + len(info).to_bytes(3, "big") + info]
    for i in range(frames):
        head = b"\xff\xf8\x70\x08" + utf8_number(i) + struct.pack(">H", block - 1)
        body = head + bytes([crc(head, 8, 0x07)]) + b"\0\0\0"
        out.append(body + struct.pack(">H", crc(body, 16, 0x8005)))
    return b"".join(out)


def wav(frames=0, channels=1, rate=8000, said=None, bits=16, kind=1):
    size = frames * channels * bits // 8
    return (b"RIFF" + struct.pack("<I", min(36 + size, 2**32 - 1)) + b"WAVEfmt " +
            struct.pack("<IHHIIHH", 16, kind, channels, rate, rate * channels * bits // 8 & 0xFFFFFFFF, channels * bits // 8 & 0xFFFF, bits) +
            b"data" + struct.pack("<I", size if said is None else said) + bytes(size))


LONG = flac_of_silence(60)  # 8 minutes in 850 bytes; the service under test takes one minute

# name, bytes, statuses that may come back
SOUNDS = [
    ("bomb.flac", LONG, (413, 422)),
    ("second.wav", wav(8000), (201,)),
    ("nothing.wav", b"", (400, 422)),
    ("empty.wav", wav(0), (201, 422)),
    ("liar.wav", wav(100, said=2**32 - 1), (201, 413, 422)),
    ("channels.wav", wav(10, channels=65535), (201, 422)),
    ("rate0.wav", wav(100, rate=0), (422,)),
    ("rate.wav", wav(100, rate=2**31), (201, 413, 422)),
    ("bits.wav", wav(100, bits=64, kind=3), (201, 422)),
    ("kind.wav", wav(100, kind=0x1234), (422,)),
    ("long.wav", wav(900000), (413, 422)),
    ("tag.mp3", b"ID3\4\0\0\x7f\x7f\x7f\x7f" + bytes(100), (422,)),
    ("frames.mp3", b"\xff\xfb\x90\0" + bytes(413) * 3, (201, 422)),
    ("zip.wav", b"PK\3\4" + bytes(200), (422,)),
    ("page.mp3", b"<html><script>alert(1)</script>" * 20, (422,)),
    ("list.m3u8", b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n", (422,)),
    ("concat.txt", b"ffconcat version 1.0\nfile /etc/passwd\n", (422,)),
    ("movie.m4a", b"\0\0\0\x18ftypM4A \0\0\0\0M4A isom" + b"\x7f\xff\xff\xffmdat" + bytes(100), (422,)),
    ("half.flac", LONG[:200], (413, 422)),
    ("ogg.ogg", b"OggS\0\2" + bytes(8) + b"\1\0\0\0\0\0\0\0" + bytes(4) + b"\1\x1e\1vorbis" + bytes(23), (422,)),
]
