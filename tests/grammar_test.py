#!/usr/bin/env python3
"""Texts written at random under schemas must be valid for Python's jsonschema, formats included.

    grammar_test.py GRAMMAR_WALK SCHEMAS.json
"""
import json
import subprocess
import sys

try:
    import jsonschema
except ImportError:
    print("skipped: Python's jsonschema is not installed")
    sys.exit(77)

MORE = [
    True,
    {},
    {"type": "object"},
    {"type": ["integer", "null", "array"], "minimum": 3},
    {"minLength": 2},
    {"type": "string", "minLength": 3, "maxLength": 5},
    {"type": "string", "maxLength": 0},
    {"type": "string", "pattern": "^[^a-z\"]{2,}x?$"},
    {"type": "string", "pattern": "a.c", "maxLength": 6},
    {"type": "string", "pattern": "^\\S+@\\S+$", "minLength": 8},
    {"allOf": [{"type": "string", "pattern": "^a"}, {"pattern": "b$", "maxLength": 9}]},
    *({"type": "string", "format": name} for name in (
        "date", "time", "date-time", "duration", "uuid", "email", "hostname", "ipv4", "ipv6", "uri", "uri-reference", "json-pointer",
        "relative-json-pointer")),
    {"type": "integer", "minimum": -17, "maximum": 1203},
    {"type": "integer", "exclusiveMinimum": -5, "exclusiveMaximum": 5},
    {"type": "number", "minimum": 0.05, "exclusiveMaximum": 12.5},
    {"type": "number", "maximum": -3},
    {"type": "number", "exclusiveMinimum": 0},
    {"type": "integer", "multipleOf": 12, "minimum": 5},
    {"type": "number", "multipleOf": 0.25, "maximum": 9},
    {"type": "integer", "format": "int32"},
    {"enum": ["a", 1, 2.5, None, True, {"x": [1, {"y": "\n\"é"}]}, []]},
    {"const": "a\tb\\"},
    {"type": "array", "items": {"type": "boolean"}, "minItems": 2, "maxItems": 4},
    {"type": "array", "prefixItems": [{"type": "string"}, {"type": "null"}], "minItems": 1},
    {"type": "array", "prefixItems": [{"type": "string"}, {"type": "null"}], "items": {"type": "integer"}, "maxItems": 3},
    {"type": "array", "items": {"enum": [1, 2, 3, 4]}, "uniqueItems": True, "minItems": 2},
    {"type": "object", "properties": {"a": {"type": "integer"}, "ab": {"type": "null"}, "é\"": {"type": "boolean"}}},
    {"type": "object", "properties": {"name": {"type": "integer"}}, "additionalProperties": {"type": "string"}},
    {"type": "object", "properties": {"a": {}, "b": {}, "c": {}}, "minProperties": 2, "maxProperties": 3},
    {"type": "object", "required": ["z"], "properties": {"y": False}, "additionalProperties": {"type": "integer"}, "maxProperties": 3},
    {"type": "object", "minProperties": 1, "additionalProperties": {"type": "integer"}},
    {"type": "object", "properties": {"id": {"type": "integer"}}, "patternProperties": {"^x": {"type": "null"}, "^i": {"maximum": 9}}, "required": ["id", "xd"]},
    {"type": "object", "propertyNames": {"pattern": "^[a-c]+$", "maxLength": 3}, "additionalProperties": {"type": "integer"}},
    {"type": "object", "properties": {f"p{i}": {"type": "integer"} for i in range(40)}, "additionalProperties": False},
    {"oneOf": [{"type": "object", "properties": {"a": {}}, "required": ["a"]}, {"type": "object", "properties": {"b": {}}, "required": ["b"]}]},
    {"oneOf": [{"properties": {"k": {"const": 1}, "v": {"type": "string"}}, "required": ["k"]}, {"properties": {"k": {"const": 2}}, "required": ["k"]}]},
    {"type": "object", "properties": {"k": {"type": "string"}}, "required": ["k"],
     "anyOf": [{"properties": {"x": {"type": "integer"}}, "required": ["x"]}, {"properties": {"y": {"type": "null"}}, "required": ["y"]}]},
    {"allOf": [{"properties": {"a": {"type": "integer"}}, "required": ["a"]}, {"properties": {"a": {"minimum": 7}, "b": {}}}],
     "type": "object", "unevaluatedProperties": False},
    {"type": ["string", "integer", "null"], "not": {"type": "string"}},
    {"enum": [1, 2, 3], "not": {"const": 2}},
    {"$defs": {"tree": {"type": "object", "properties": {"l": {"anyOf": [{"$ref": "#/$defs/tree"}, {"type": "null"}]}, "v": {"type": "integer"}},
                        "required": ["l", "v"]}}, "$ref": "#/$defs/tree"},
    {"type": "array", "items": {"$ref": "#"}},
]


def main():
    walk, path = sys.argv[1:]
    schemas = [one["schema"] for one in json.load(open(path, encoding="utf-8"))] + MORE
    jobs = [{"schema": schema, "seed": seed * 1000, "count": 5, "tokens": tokens} for schema in schemas for seed, tokens in ((1, 30), (2, 150))]
    out = subprocess.run([walk], input="\n".join(map(json.dumps, jobs)) + "\n", capture_output=True, text=True, check=True, timeout=250).stdout
    texts = bad = 0
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    for job, line in zip(jobs, out.splitlines(), strict=True):
        answer = json.loads(line)
        if "error" in answer:
            print(f"{json.dumps(job['schema'])}: {answer['error']}")
            bad += 1
            continue
        validator = jsonschema.Draft202012Validator(job["schema"], format_checker=checker)
        for text in answer["texts"]:
            texts += 1
            try:
                validator.validate(json.loads(text))
            except (ValueError, jsonschema.ValidationError) as error:
                print(f"{json.dumps(job['schema'])}\n  wrote {text}\n  {str(error).splitlines()[0]}")
                bad += 1
    print(f"{texts} texts under {len(schemas)} schemas, {bad} bad")
    return 1 if bad or texts < 200 else 0


sys.exit(main())
