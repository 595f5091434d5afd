#!/usr/bin/env python3
"""Requests of recorded traffic with the input tokens that came back, one JSON object a line, for calibration_wire:
wire_tokens.py FOLDER | calibration_wire

Left out: whatever an estimate cannot know (images, files, built-in tools, stored conversations, response schemas)."""
import gzip
import json
import pathlib
import sys


class Unknown(Exception):
    pass


def compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def add_content(content, texts):
    if content is None:
        return
    for part in [content] if isinstance(content, (str, dict)) else content:
        kind = "text" if isinstance(part, str) else part.get("type", "")
        if isinstance(part, str):
            texts.append(part)
        elif kind in ("text", "input_text", "output_text", "refusal"):
            texts.append(part.get("text") or part.get("refusal") or "")
        elif kind == "tool_use":
            texts.extend([part["name"], compact(part["input"])])
        elif kind == "tool_result":
            add_content(part.get("content"), texts)
        else:
            raise Unknown


def tool_text(tool, schema):
    return tool["name"] + " " + (tool.get("description") or "") + " " + compact(tool.get(schema) or {})


def chat(body):
    texts, tools = [], []
    for message in body["messages"]:
        add_content(message.get("content"), texts)
        if message.get("reasoning_content"):
            raise Unknown
        for call in message.get("tool_calls") or []:
            texts.extend([call["function"]["name"], call["function"].get("arguments") or ""])
    for tool in body.get("tools") or []:
        tools.append(tool_text(tool["function"], "parameters"))
    if body.get("functions") or (body.get("response_format") or {}).get("type") not in (None, "text"):
        raise Unknown
    return texts, tools, len(body["messages"])


def messages(body):
    texts = []
    add_content(body.get("system"), texts)
    for message in body["messages"]:
        add_content(message["content"], texts)
    tools = [tool_text(tool, "input_schema") for tool in body.get("tools") or [] if tool["input_schema"]]
    if any(body.get(key) for key in ("mcp_servers", "container", "output_config", "output_format")):
        raise Unknown
    return texts, tools, len(body["messages"])


def responses(body):
    if any(body.get(key) for key in ("previous_response_id", "conversation", "prompt")):
        raise Unknown
    texts = [body["instructions"]] if body.get("instructions") else []
    items = [{"content": body["input"]}] if isinstance(body["input"], str) else body["input"]
    for item in items:
        kind = item.get("type", "message")
        if kind == "message":
            add_content(item["content"], texts)
        elif kind == "function_call":
            texts.extend([item["name"], item["arguments"]])
        elif kind == "function_call_output":
            add_content(item["output"], texts)
        else:
            raise Unknown
    tools = []
    for tool in body.get("tools") or []:
        if tool["type"] != "function":
            raise Unknown
        tools.append(tool_text(tool, "parameters"))
    if ((body.get("text") or {}).get("format") or {}).get("type") not in (None, "text"):
        raise Unknown
    return texts, tools, len(items)


APIS = {"openai-chat": chat, "anthropic-messages": messages, "openai-responses": responses}


def main():
    if len(sys.argv) != 2 or sys.argv[1] in ("-h", "--help"):
        sys.exit(__doc__)
    rows, left_out = [], 0
    for api, read in APIS.items():
        with gzip.open(pathlib.Path(sys.argv[1]) / (api + ".jsonl.gz")) as lines:
            for line in lines:
                exchange = json.loads(line)
                tokens = ((exchange.get("expected") or {}).get("usage") or {}).get("input_tokens")
                body = exchange["request"].get("body")
                if not tokens or not isinstance(body, dict) or exchange["provenance"] != "recorded":
                    continue
                try:
                    texts, tools, parts = read(body)
                except (Unknown, KeyError, TypeError, AttributeError):
                    left_out += 1
                    continue
                model = "/".join([api, exchange["provider"], str(body.get("model"))])
                place = (model, exchange["source_repo"] + exchange["source_path"], exchange["seq"])
                rows.append((place, {"model": model, "texts": texts, "tools": tools, "parts": parts, "input": tokens}))
    rows.sort(key=lambda row: row[0])
    for _, row in rows:
        print(compact(row))
    print(f"{len(rows)} requests, {left_out} left out", file=sys.stderr)


main()
