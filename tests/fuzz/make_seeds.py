#!/usr/bin/env python3
"""usage: make_seeds.py DATA OUT

Writes seeds for the fuzz targets from recorded traffic (DATA/wire/*.jsonl.gz): answers of at most 6 KB, one file each, of
as many kinds (tags) as there are. Nothing of it belongs into the project.
"""
import collections
import gzip
import hashlib
import json
import pathlib
import sys

MOST_BYTES, MOST_PER_KIND, MOST_FILES = 6_000, 6, 500
TARGETS = {
    "openai_chat": "openai-chat",
    "openai_responses": "openai-responses",
    "anthropic_messages": "anthropic-messages",
    "gemini": "gemini-generate",
}
STEERING = {200: b"\x07\x00", 429: b"\x07\x06"}  # input.h, decoder.cpp


def rows(path):
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def write(folder, data):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / hashlib.sha1(data).hexdigest()[:16]).write_bytes(data)


def main():
    data, out = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
    for target, name in TARGETS.items():
        seen, written = collections.Counter(), 0
        for row in rows(data / "wire" / f"{name}.jsonl.gz"):
            body = row["response"]["body_text"].encode()
            status = row["response"]["status"]
            if status >= 400:
                write(out / "fuzz_error_body", body + b"\x07\x07")
            fresh = [tag for tag in row["tags"] if seen[tag] < MOST_PER_KIND]
            if len(body) > MOST_BYTES or not fresh or written >= MOST_FILES:
                continue
            seen.update(row["tags"])
            written += 1
            write(out / f"fuzz_{target}", body + STEERING.get(status, b"\x07\x05" if status >= 400 else b"\x07\x00"))
            if row["streaming"]:
                write(out / "fuzz_sse", body + b"\x07\x00")
    texts = [
        "```write src/page.py\nx = 1\n```\n```edit a.py\n<<<<<<< SEARCH\nold\n=======\nnew\n>>>>>>> REPLACE\n```\n",
        "```run\npytest -q\n```\n```read src/list.py 10-80\n```\n```search def paginate\n```\n```finish\ndone\n```\n",
        "*** Begin Patch\n*** Update File: a.py\n@@ def f\n-old\n+new\n*** End Patch\n",
        "--- a/x.c\n+++ b/x.c\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n",
        "src/a.py\n````python\nprint(1)\n````\n```json\n{\"verdict\":\"approve\",\"score\":1}\n```\n",
    ]
    for text in texts:
        for choice in range(4):
            write(out / "fuzz_text_protocol", text.encode() + bytes([7, choice]))
    for choice in range(8):
        write(out / "fuzz_edits", b"a\n  b\nc\r\nb\n\0b\n\0x\n\0a\0\0" + bytes([7, choice]))


if __name__ == "__main__":
    main()
