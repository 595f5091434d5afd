#!/usr/bin/env python3
"""Checks who may include whom.

usage: scripts/layers.py [--help]

Rooms are the folders of src/. A room includes mixagent/..., itself, and rooms of a lower layer, never sideways.
Libraries have one home each. Prints one line a fault and exits 1, or a count and exits 0.
"""

import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

LAYERS = [
    {"base"},
    {"core"},
    {"system"},
    {"config", "provider", "context", "workspace", "sandbox", "journal"},
    {"engine", "view"},
    {"cli"},
]

# Third-party header -> where it may stand. A path ending in "/" is a room.
HOMES = {
    "curl/": ["src/system/http_curl.cpp"],
    "sqlite3.h": ["src/system/sqlite.cpp"],
    "CLI/": ["src/cli/"],
    "toml++/": ["src/base/toml.cpp"],
    "spdlog/": ["src/base/log.cpp"],
    "openssl/": ["src/base/digest.cpp"],
    "seccomp.h": ["src/sandbox/"],
    "nlohmann/": ["src/base/json.h"],
    "httplib.h": [],
}

# System calls have homes too: headers that only these rooms may see.
SYSCALL_HEADERS = re.compile(
    r"^(sys/|unistd\.h|fcntl\.h|poll\.h|signal\.h|spawn\.h|linux/|dirent\.h|sched\.h|termios\.h)"
)
SYSCALL_ROOMS = {"system", "sandbox"}

INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]')


def layer_of(room):
    return next((i for i, rooms in enumerate(LAYERS) if room in rooms), None)


def room_of(path):
    return "include" if path.parts[0] == "include" else path.parts[1]


def third_party_fault(path, header):
    for prefix, homes in HOMES.items():
        if header.startswith(prefix):
            name = path.as_posix()
            if not any(name == home or (home.endswith("/") and name.startswith(home)) for home in homes):
                return f"<{header}> belongs in {' or '.join(homes) or 'tests only'}"
    return None


def room_fault(path, header):
    room = room_of(path)
    target = header.split("/")[0]
    if target == "mixagent" or target == room or layer_of(target) is None:
        return None
    if room == "include":
        return f'"{header}": a contract includes no room'
    if layer_of(target) >= layer_of(room):
        return f'"{header}": {room} may not see {target}'
    return None


def syscall_fault(path, header):
    if SYSCALL_HEADERS.match(header) and room_of(path) not in SYSCALL_ROOMS:
        return f"<{header}>: system calls live in src/system and src/sandbox"
    return None


def faults_of(path):
    for number, line in enumerate((ROOT / path).read_text().splitlines(), start=1):
        found = INCLUDE.match(line)
        if not found:
            continue
        quote, header = found.groups()
        faults = [third_party_fault(path, header)]
        faults += [room_fault(path, header)] if quote == '"' else [syscall_fault(path, header)]
        yield from (f"{path}:{number}: {fault}" for fault in faults if fault)


def list_faults(files):
    """src/sources.cmake names every source of the library, and nothing else."""
    listed = set(re.findall(r"src/[\w/]+\.cpp", (ROOT / "src/sources.cmake").read_text()))
    there = {p.as_posix() for p in files if p.suffix == ".cpp" and p.as_posix() != "src/cli/main.cpp"}
    yield from (f"src/sources.cmake: does not list {name}" for name in sorted(there - listed))
    yield from (f"src/sources.cmake: lists {name}, which is not there" for name in sorted(listed - there))


def main():
    if "--help" in sys.argv or "-h" in sys.argv:
        print(__doc__.strip())
        return 0
    files = [
        path.relative_to(ROOT)
        for folder in ("include", "src")
        for path in sorted((ROOT / folder).rglob("*"))
        if path.suffix in (".h", ".cpp") and path.is_file()
    ]
    unknown = {room_of(p) for p in files if p.parts[0] == "src" and layer_of(room_of(p)) is None}
    faults = [f"src/{room}: a room without a layer" for room in sorted(unknown)]
    faults += [fault for path in files if room_of(path) not in unknown for fault in faults_of(path)]
    faults += list_faults(files)
    for fault in faults:
        print(fault)
    if not faults:
        print(f"{len(files)} files keep to the layers")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
