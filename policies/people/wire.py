"""The wire format of SSH: texts of bytes, each after its own length, one after another."""

LENGTH_BYTES = 4


def take(data: bytes) -> tuple[bytes, bytes]:
    """Return the first text of some bytes, and what follows it.

    Raises:
        ValueError: the bytes end before the text does.

    >>> take(packed(b"ssh") + b"rest")
    (b'ssh', b'rest')
    """
    end = LENGTH_BYTES + int.from_bytes(data[:LENGTH_BYTES], "big")
    if len(data) < max(end, LENGTH_BYTES):
        raise ValueError("ends too early")
    return data[LENGTH_BYTES:end], data[end:]


def take_all(data: bytes) -> list[bytes]:
    """Return the texts that some bytes are made of.

    Raises:
        ValueError: the bytes end within a text.

    >>> take_all(packed(b"a") + packed(b"")), take_all(b"")
    ([b'a', b''], [])
    """
    found = []
    while data:
        text, data = take(data)
        found.append(text)
    return found


def packed(*texts: bytes) -> bytes:
    r"""Return texts as SSH writes them.

    >>> packed(b"ab")
    b'\x00\x00\x00\x02ab'
    """
    return b"".join(len(text).to_bytes(LENGTH_BYTES, "big") + text for text in texts)
