#!/usr/bin/env python3
"""Every answer of a box that is bound to a schema is valid for Python's jsonschema, formats included.

    tests/schemas_test.py COFRE DATA [COUNT [MODEL]]     200 answers of smollm2-135m without them

Schemas of applications (bench/grammar/schemas.json) and of every keyword (schemas.json); sixteen answers at once; half of
them at temperature 1.5, most of them cut short, so that the mask has to force the shortest ending; as response_format, as
guided_json, and, of a model that calls tools, as arguments of a tool that must be called.
"""
import concurrent.futures
import json
import os
import random
import sys

from box import SKIPPED, Box, ensure_model

try:
    import jsonschema
except ImportError:
    print("skipped: Python's jsonschema is not installed")
    sys.exit(SKIPPED)

HERE = os.path.dirname(os.path.abspath(__file__))
COFRE, DATA = sys.argv[1:3]
COUNT = int(sys.argv[3]) if len(sys.argv) > 3 else 200
MODEL = sys.argv[4] if len(sys.argv) > 4 else "smollm2-135m"
CALLS_TOOLS = MODEL.startswith("qwen")
AT_ONCE = 16


def schemas():
    for path in ("../bench/grammar/schemas.json", "schemas.json"):
        with open(os.path.join(HERE, path), encoding="utf-8") as file:
            yield from json.load(file)


def asked(one, number):
    """The request, and how to read its text out of the answer."""
    chance = random.Random(number)
    body = {"model": "default", "seed": number, "temperature": 1.5 if number % 2 else 0.7,
            # The shortest texts of these schemas have fewer than 150 tokens.
            "max_tokens": chance.choice([150, 150, 200, 400]),
            "messages": [{"role": "user", "content": f"Write a {one['name']} about ships and harbours, as JSON."}]}
    way = number % 5
    if way == 3 and CALLS_TOOLS and one["schema"].get("type") == "object":
        body["tools"] = [{"type": "function", "function": {"name": "answer", "strict": True, "parameters": one["schema"]}}]
        body["tool_choice"] = chance.choice(["required", {"type": "function", "function": {"name": "answer"}}])
        body["parallel_tool_calls"] = False
        body["max_tokens"] += 20
        return body, lambda message: message["tool_calls"][0]["function"]["arguments"]
    if way == 4:
        body["guided_json"] = one["schema"]
    else:
        body["response_format"] = {"type": "json_schema",
                                   "json_schema": {"name": "answer", "strict": True, "schema": one["schema"]}}
    return body, lambda message: message["content"]


def main():
    model = ensure_model(COFRE, DATA, MODEL)
    box = Box(COFRE, [model])
    try:
        key = box.key("schemas")
        every = list(schemas())
        if COUNT < len(every):
            every = random.Random(7).sample(every, COUNT)
        checker = jsonschema.Draft202012Validator.FORMAT_CHECKER

        def check(number):
            """What is wrong with an answer, and whether its ending was forced."""
            one = every[number % len(every)]
            body, text_of = asked(one, number)
            status, _, answer = box.ask("POST", "/v1/chat/completions", body, key)
            if status != 200:
                return f"{one['name']}: {status} {answer}", False
            choice = answer["choices"][0]
            try:
                text = text_of(choice["message"])
                jsonschema.Draft202012Validator(one["schema"], format_checker=checker).validate(json.loads(text))
                return None, answer["usage"]["completion_tokens"] > 0.9 * body["max_tokens"]
            except (KeyError, TypeError, ValueError, jsonschema.ValidationError) as error:
                return f"{one['name']} (request {number}): {str(error).splitlines()[0]}\n  {choice}", False

        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            results = list(pool.map(check, range(COUNT)))
    finally:
        box.remove()
    bad = [wrong for wrong, _ in results if wrong]
    print("\n".join(bad))
    forced = sum(short for _, short in results)
    print(f"{COUNT} answers of {MODEL} under {min(COUNT, len(every))} schemas, {forced} of them at the end of their tokens: "
          f"{len(bad)} are not valid")
    return 1 if bad else 0


sys.exit(main())
