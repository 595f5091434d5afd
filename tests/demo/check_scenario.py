#!/usr/bin/env python3
"""Proves the demonstration's story without mixagent: replays the scenario's edits and runs its checks.

For each step: a fresh copy of what is integrated so far, the replies of one attempt after another, and the step's
checks after every finish. What must fail and what must pass stands in STORY. Standard library only.
"""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
GOAL_CHECKS = tomllib.loads((HERE / "repository/mixagent.toml").read_text())["verify"]["checks"]

# step -> one list for each attempt: does the n-th finish pass the step's checks?
STORY = {
    "s1": [[True]],
    "s2": [[False, False], [True]],
    "s3": [[True, True]],  # the second one after the review
    "s4": [[True]],
}
# What the review of s3 claims, as a check: refused only after its second finish.
CLAIM = (
    "python3 -c \"from bookshelf.app import route; from bookshelf.store import Store; s = Store(); "
    "exit(0 if all(route(s, 'GET', '/books?' + q)[0] == 400 for q in "
    "('limit=-1', 'limit=0', 'limit=101', 'offset=-1')) else 1)\""
)


def passes(command, tree):
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=tree,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"},
        timeout=60,
    )
    return done.returncode == 0


def act(tool, arguments, tree):
    """Carries out one call; True for a finish."""
    if tool == "write_file":
        (tree / arguments["path"]).write_text(arguments["content"])
    elif tool == "edit_file":
        path = tree / arguments["path"]
        text = path.read_text()
        for edit in arguments["edits"]:
            found = text.count(edit["search"])
            assert found == 1, f"{path.name}: the search text stands there {found} times"
            text = text.replace(edit["search"], edit["replace"])
        path.write_text(text)
    elif tool == "run_command":
        assert passes(arguments["command"], tree), f"the worker's own command fails: {arguments}"
    return tool == "finish"


def attempt_replies(replies, step, attempt):
    return [r for r in replies if r.get("step") == step and r.get("attempt") == attempt]


def play_attempt(replies, tree, checks, expected, step):
    """Runs the replies of one attempt in `tree`; returns what is wrong, if anything."""
    finished = 0
    for reply in replies:
        for call in reply["calls"]:
            if not act(call["tool"], json.loads(call["arguments"]), tree):
                continue
            passed = all(passes(check["command"], tree) for check in checks)
            if finished >= len(expected) or passed != expected[finished]:
                return f"{step}: finish {finished + 1} {'passes' if passed else 'fails'}, not as told"
            if step == "s3" and passes(CLAIM, tree) != (finished == 1):
                return f"s3: the review's claim does not hold at finish {finished + 1}"
            finished += 1
    return None if finished == len(expected) else f"{step}: {finished} finishes, not {len(expected)}"


def play(replies, plan, head, scratch):
    for step in plan["steps"]:
        for attempt, expected in enumerate(STORY[step["id"]], start=1):
            tree = scratch / f"{step['id']}-{attempt}"
            shutil.copytree(head, tree)
            fault = play_attempt(
                attempt_replies(replies, step["id"], attempt), tree, step["checks"], expected, step["id"]
            )
            if fault:
                return fault
        for path in step["files"]["write"] + step["files"]["create"]:
            shutil.copy(tree / path, head / path)
    return None


def main():
    replies = tomllib.loads((HERE / "scenario.toml").read_text())["reply"]
    calls = [call for reply in replies for call in reply["calls"]]
    plan = next(json.loads(c["arguments"]) for c in calls if c["tool"] == "submit_plan")
    with tempfile.TemporaryDirectory() as folder:
        scratch = pathlib.Path(folder)
        head = scratch / "head"
        shutil.copytree(HERE / "repository", head)
        before = [passes(check, head) for check in GOAL_CHECKS]
        if before != [True, False]:
            return f"before: the goal's checks must pass and fail, not {before}"
        for step in plan["steps"]:
            if all(passes(check["command"], head) for check in step["checks"]):
                return f"{step['id']}: its checks pass already on the base"
        fault = play(replies, plan, head, scratch)
        if fault:
            return fault
        after = [passes(check, head) for check in GOAL_CHECKS]
        if after != [True, True]:
            return f"after: the goal's checks must pass, not {after}"
    print(f"{len(plan['steps'])} steps, {len(replies)} replies: the story holds")
    return None


if __name__ == "__main__":
    sys.exit(main())
