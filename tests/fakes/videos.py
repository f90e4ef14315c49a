"""The smallest files that are whole videos by their structure; nobody plays them."""


def box(kind: bytes, *content: bytes) -> bytes:
    """Make a box of an MP4."""
    inside = b"".join(content)
    return (8 + len(inside)).to_bytes(4, "big") + kind + inside


def track(handler: bytes = b"vide", *tables: bytes) -> bytes:
    """Make a track for pictures, or for what the handler says."""
    heading = box(b"hdlr", bytes(8), handler, bytes(13))
    return box(b"trak", box(b"mdia", heading, *([box(b"minf", box(b"stbl", *tables))] if tables else [])))


def mp4(payload: bytes = b"video", *, brand: bytes = b"isom", size: int | None = None, movie: bytes = b"") -> bytes:
    """Make an MP4 with this payload, or with one that makes it `size` bytes long."""
    head = box(b"ftyp", brand, bytes(4), brand) + (movie or box(b"moov", track()))
    if size is not None:
        payload = (payload * (size // len(payload) + 1))[: size - len(head) - 8]
    return head + box(b"mdat", payload)


def fragmented(pieces: int = 2) -> bytes:
    """Make an MP4 of fragments, as a live encoder does."""
    head = box(b"ftyp", b"iso5", bytes(4)) + box(b"moov", track(), box(b"mvex"))
    return head + pieces * (box(b"moof", bytes(8)) + box(b"mdat", b"piece"))


def element(identity: bytes, content: bytes, *, is_endless: bool = False) -> bytes:
    """Make an element of a WebM; an endless one does not say how long it is."""
    length = b"\x01" + b"\xff" * 7 if is_endless else (0x10000000 | len(content)).to_bytes(4, "big")
    return identity + length + content


def webm(*, is_live: bool = False, doctype: bytes = b"webm") -> bytes:
    """Make a WebM with one cluster; a live one has parts without a length."""
    head = element(b"\x1a\x45\xdf\xa3", element(b"\x42\x82", doctype))
    cluster = element(b"\x1f\x43\xb6\x75", element(b"\xe7", b"\0") + element(b"\xa3", b"block"), is_endless=is_live)
    return head + element(b"\x18\x53\x80\x67", element(b"\x16\x54\xae\x6b", b"tracks") + cluster, is_endless=is_live)
