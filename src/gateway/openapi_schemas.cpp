#include "gateway/openapi.h"

namespace cofre::gateway {

std::string_view openapi_schemas() {
  return R"json({
"Error": {"type": "object", "required": ["error"], "properties": {"error": {"type": "object", "required": ["message", "type", "param", "code"], "properties": {
  "message": {"type": "string"}, "type": {"type": "string"}, "param": {"type": ["string", "null"]}, "code": {"type": ["string", "null"]}}}}},
"Any": {"type": "object"},
"EmbeddingRequest": {"type": "object", "required": ["model", "input"], "properties": {
  "model": {"type": "string", "maxLength": 512},
  "input": {"description": "a text, texts, token ids or lists of them; each within the model's context"},
  "encoding_format": {"enum": ["float", "base64"], "description": "base64: 32-bit floats, little endian"},
  "dimensions": {"type": "integer", "minimum": 1, "description": "the vectors' first so many values, of length 1 again"},
  "input_type": {"enum": ["query", "passage", "document", "search_query", "search_document"], "description": "texts get the prefix that the model knows it by"},
  "user": {"type": "string", "maxLength": 512}}, "additionalProperties": false},
"Embeddings": {"type": "object", "required": ["object", "data", "model", "usage"], "properties": {
  "object": {"const": "list"}, "model": {"type": "string"}, "usage": {"type": "object"},
  "data": {"type": "array", "items": {"type": "object", "required": ["object", "index", "embedding"]}}}},
"RerankRequest": {"type": "object", "required": ["model", "query", "documents"], "properties": {
  "model": {"type": "string", "maxLength": 512}, "query": {"type": "string", "minLength": 1},
  "documents": {"type": "array", "minItems": 1, "maxItems": 2048, "items": {"type": ["string", "object"], "description": "a text, or {\"text\": a text}"}},
  "top_n": {"type": "integer", "minimum": 1}, "return_documents": {"type": "boolean", "default": true},
  "user": {"type": "string", "maxLength": 512}}, "additionalProperties": false},
"Reranking": {"type": "object", "required": ["object", "model", "results", "usage"], "properties": {
  "object": {"const": "list"}, "model": {"type": "string"}, "usage": {"type": "object"},
  "results": {"type": "array", "items": {"type": "object", "required": ["index", "relevance_score"], "properties": {
    "index": {"type": "integer"}, "relevance_score": {"type": "number"}, "document": {"type": "object", "properties": {"text": {"type": "string"}}}}}}}},
"FileNew": {"type": "object", "required": ["file", "purpose"], "properties": {
  "file": {"type": "string", "format": "binary"},
  "purpose": {"enum": ["assistants", "batch", "evals", "fine-tune", "user_data", "vision"]},
  "expires_after[anchor]": {"const": "created_at"},
  "expires_after[seconds]": {"type": "integer", "minimum": 3600, "maximum": 2592000}}},
"BatchNew": {"type": "object", "required": ["input_file_id", "endpoint", "completion_window"], "properties": {
  "input_file_id": {"type": "string"},
  "endpoint": {"enum": ["/v1/chat/completions", "/v1/responses", "/v1/completions", "/v1/embeddings"]},
  "completion_window": {"const": "24h"},
  "metadata": {"type": "object", "maxProperties": 16, "additionalProperties": {"type": "string", "maxLength": 512}},
  "output_expires_after": {"type": "object", "required": ["anchor", "seconds"]}}},
"ModelName": {"type": "object", "required": ["model"], "properties": {"model": {"type": "string"}}, "additionalProperties": false},
"ModelFile": {"type": "string", "format": "binary"},
"BoxModel": {"type": "object", "required": ["name", "aliases", "state", "served"], "properties": {
  "name": {"type": "string"}, "aliases": {"type": "array", "items": {"type": "string"}}, "served": {"type": "boolean"},
  "state": {"enum": ["idle", "loading", "ready", "waiting", "quarantined", "remote"]}, "reason": {"type": "string"}, "healthy": {"type": "boolean"}, "preloaded": {"type": "boolean"},
  "requests": {"type": "integer"}, "file_bytes": {"type": "integer"}, "memory_bytes": {"type": "integer"}, "context": {"type": ["integer", "null"]}, "deaths": {"type": "integer"},
  "sha256": {"type": "string"}, "origin": {"type": "string"}, "unchanged": {"type": "boolean"}, "title": {"type": "string"}, "licence": {"type": "string"}, "for": {"enum": ["chat", "base", "tests"]}}},
"BoxModels": {"type": "object", "required": ["models", "memory_bytes", "memory_used_bytes", "disk_free_bytes"], "properties": {
  "models": {"type": "array", "items": {"$ref": "#/components/schemas/BoxModel"}}, "memory_bytes": {"type": "integer"}, "memory_used_bytes": {"type": "integer"}, "disk_free_bytes": {"type": "integer"}}},
"Catalogue": {"type": "object", "required": ["models", "memory_bytes"], "properties": {"memory_bytes": {"type": "integer"}, "models": {"type": "array", "items": {"type": "object",
  "required": ["name", "aliases", "title", "home", "licence", "for", "bytes", "memory_bytes", "sha256", "default", "fits", "recommended", "here"], "properties": {
  "name": {"type": "string"}, "aliases": {"type": "array", "items": {"type": "string"}}, "title": {"type": "string"}, "home": {"type": "string"}, "licence": {"type": "string"},
  "for": {"enum": ["chat", "base", "tests"]}, "bytes": {"type": "integer"}, "memory_bytes": {"type": "integer"}, "sha256": {"type": "string"}, "default": {"type": "boolean"},
  "fits": {"type": "boolean"}, "recommended": {"type": "boolean"}, "here": {"type": "boolean"}}}}}},
"Job": {"type": "object", "required": ["id", "object", "kind", "model", "by", "state", "text", "done", "total", "started_at", "ended_at", "error", "result"], "properties": {
  "id": {"type": "integer"}, "object": {"const": "job"}, "kind": {"enum": ["pull", "import", "bench"]}, "model": {"type": "string"}, "by": {"type": "string"},
  "state": {"enum": ["running", "done", "failed", "cancelled"]}, "text": {"type": "string"}, "done": {"type": "integer"}, "total": {"type": "integer"}, "started_at": {"type": "integer"},
  "ended_at": {"type": ["integer", "null"]}, "error": {"type": ["string", "null"]}, "result": {"type": ["object", "null"]}}},
"Jobs": {"type": "object", "required": ["jobs"], "properties": {"jobs": {"type": "array", "items": {"$ref": "#/components/schemas/Job"}}}},
"Setting": {"type": "object", "required": ["key", "type", "comment", "takes", "least", "most", "choices", "default", "value", "from", "at_once", "editable"], "properties": {
  "key": {"type": "string"}, "type": {"enum": ["text", "number", "flag", "list"]}, "comment": {"type": "string"}, "takes": {"type": "string"},
  "least": {"type": ["integer", "null"]}, "most": {"type": ["integer", "null"]}, "choices": {"type": "array", "items": {"type": "string"}}, "default": {}, "value": {},
  "from": {"type": "object", "required": ["kind", "where"], "properties": {"kind": {"enum": ["default", "file", "console", "environment", "command_line"]}, "where": {"type": "string"}}},
  "at_once": {"type": "boolean"}, "editable": {"type": "boolean"}}},
"SettingsShown": {"type": "object", "required": ["settings", "aliases", "notes", "after_restart"], "properties": {
  "settings": {"type": "array", "items": {"$ref": "#/components/schemas/Setting"}}, "aliases": {"type": "object", "additionalProperties": {"type": "string"}},
  "notes": {"type": "array", "items": {"type": "string"}}, "after_restart": {"type": "array", "items": {"type": "string"}}}},
"SettingsChange": {"type": "object", "properties": {"set": {"type": "object", "description": "by key"}, "reset": {"type": "array", "items": {"type": "string"}},
  "aliases": {"type": "object", "additionalProperties": {"type": "string"}}}, "additionalProperties": false},
"Reloaded": {"type": "object", "required": ["changed", "after_restart"], "properties": {"changed": {"type": "array", "items": {"type": "string"}}, "after_restart": {"type": "array", "items": {"type": "string"}}}},
"Engines": {"type": "object", "required": ["engines"], "properties": {"engines": {"type": "array", "items": {"type": "object", "required": ["name", "urls", "model", "parallel", "state", "healthy", "reason", "requests"], "properties": {
  "name": {"type": "string"}, "urls": {"type": "array", "items": {"type": "string"}}, "model": {"type": "string"}, "parallel": {"type": "integer"}, "state": {"type": "string"}, "healthy": {"type": "boolean"},
  "reason": {"type": "string"}, "requests": {"type": "integer"}}}}}},
"ServedCertificate": {"type": "object", "required": ["subject", "issuer", "names", "not_before", "not_after", "fingerprint"], "properties": {
  "subject": {"type": "string"}, "issuer": {"type": "string"}, "names": {"type": "array", "items": {"type": "string"}}, "not_before": {"type": "integer"}, "not_after": {"type": "integer"},
  "fingerprint": {"type": "string", "description": "SHA-256 of the DER"}}},
"ServerCertificates": {"type": "object", "required": ["own", "authority", "company", "company_file", "requested"], "properties": {
  "own": {"$ref": "#/components/schemas/ServedCertificate"}, "authority": {"$ref": "#/components/schemas/ServedCertificate"}, "company": {"anyOf": [{"$ref": "#/components/schemas/ServedCertificate"}, {"type": "null"}]},
  "company_file": {"type": ["string", "null"]}, "requested": {"type": "boolean"}}},
"CertificateNames": {"type": "object", "properties": {"names": {"type": "array", "items": {"type": "string"}}}, "additionalProperties": false},
"CertificateRequest": {"type": "object", "required": ["request"], "properties": {"request": {"type": "string", "description": "PEM"}}},
"CertificateChain": {"type": "object", "required": ["certificate"], "properties": {"certificate": {"type": "string", "description": "PEM, with its chain"}}, "additionalProperties": false},
"ContentRule": {"type": "object", "required": ["name", "do"], "properties": {
  "name": {"type": "string"}, "do": {"enum": ["report", "mask", "refuse"]}, "on": {"type": "array", "items": {"enum": ["input", "output"]}}, "tenant": {"type": "string"},
  "words": {"type": "array", "items": {"type": "string"}}, "patterns": {"type": "array", "items": {"type": "string"}}}, "additionalProperties": false},
"ContentLabel": {"type": "object", "properties": {"tenant": {"type": "string"}, "visible": {"type": "string"}, "producer": {"type": "string"}}, "additionalProperties": false},
"ContentRules": {"type": "object", "properties": {"rules": {"type": "array", "items": {"$ref": "#/components/schemas/ContentRule"}},
  "labels": {"type": "array", "items": {"$ref": "#/components/schemas/ContentLabel"}}}, "additionalProperties": false, "description": "docs/rules.md"},
"Deleted": {"type": "object", "required": ["id", "object", "deleted"], "properties": {"id": {"type": "string"}, "object": {"type": "string"}, "deleted": {"const": true}}},
"ChatParameters": {"type": "object", "description": "fields of POST /v1/responses", "properties": {
  "temperature": {"type": "number", "minimum": 0, "maximum": 2}, "top_p": {"type": "number", "minimum": 0, "maximum": 1},
  "max_output_tokens": {"type": "integer", "minimum": 1}, "reasoning": {"type": "object", "properties": {"effort": {"enum": ["none", "minimal", "low", "medium", "high", "xhigh"]}}},
  "text": {"type": "object"}, "tools": {"type": "array", "items": {"type": "object"}}, "tool_choice": {}, "parallel_tool_calls": {"type": "boolean"}}, "additionalProperties": false},
"ChatNew": {"type": "object", "properties": {
  "title": {"type": "string"}, "folder": {"type": ["string", "null"]}, "model": {"type": ["string", "null"]}, "assistant": {"type": ["string", "null"]},
  "system_prompt": {"type": ["string", "null"]}, "parameters": {"$ref": "#/components/schemas/ChatParameters"}}, "additionalProperties": false},
"ChatChange": {"type": "object", "properties": {
  "title": {"type": "string"}, "folder": {"type": ["string", "null"]}, "model": {"type": ["string", "null"]}, "assistant": {"type": ["string", "null"]},
  "system_prompt": {"type": ["string", "null"]}, "parameters": {"$ref": "#/components/schemas/ChatParameters"},
  "leaf": {"type": "string", "description": "a message: the branch goes on from it along its newest children"}}, "additionalProperties": false},
"Chat": {"type": "object",
  "required": ["id", "object", "title", "folder", "model", "assistant", "parameters", "system_prompt", "leaf", "messages", "answering", "share", "created_at", "updated_at"], "properties": {
  "id": {"type": "string"}, "object": {"const": "chat"}, "title": {"type": "string"}, "folder": {"type": ["string", "null"]}, "model": {"type": ["string", "null"]},
  "assistant": {"type": ["string", "null"]}, "parameters": {"$ref": "#/components/schemas/ChatParameters"}, "system_prompt": {"type": ["string", "null"]},
  "leaf": {"type": ["string", "null"]}, "messages": {"type": "integer"}, "answering": {"type": "boolean"},
  "share": {"anyOf": [{"$ref": "#/components/schemas/ChatShare"}, {"type": "null"}]}, "created_at": {"type": "integer"}, "updated_at": {"type": "integer"},
  "match": {"type": "object", "description": "only of a search", "required": ["message", "text"], "properties": {"message": {"type": ["string", "null"]}, "text": {"type": "string"}}}}},
"Chats": {"type": "object", "required": ["object", "data", "first_id", "last_id", "has_more"], "properties": {
  "object": {"const": "list"}, "data": {"type": "array", "items": {"$ref": "#/components/schemas/Chat"}}, "first_id": {"type": ["string", "null"]}, "last_id": {"type": ["string", "null"]},
  "has_more": {"type": "boolean"}}},
"ChatShare": {"type": "object", "required": ["id", "department", "created_at"], "properties": {
  "id": {"type": "string"}, "department": {"type": "object", "required": ["id", "name"], "properties": {"id": {"type": "integer"}, "name": {"type": "string"}}},
  "created_at": {"type": "integer"}, "object": {"const": "chat.share"}, "title": {"type": "string"},
  "owner": {"type": "object", "required": ["name", "label"], "properties": {"name": {"type": "string"}, "label": {"type": "string"}}}}},
"ToolOutput": {"type": "object", "required": ["call_id", "output"], "properties": {"call_id": {"type": "string"}, "output": {"type": "string"}}, "additionalProperties": false},
"ChatMessage": {"type": "object",
  "required": ["id", "object", "parent", "siblings", "role", "text", "reasoning", "tool_calls", "tool_outputs", "status", "finish_reason", "error", "model", "response", "usage", "speed", "created_at"],
  "properties": {
  "id": {"type": "string"}, "object": {"const": "chat.message"}, "parent": {"type": ["string", "null"]}, "siblings": {"type": "array", "items": {"type": "string"}},
  "role": {"enum": ["user", "assistant"]}, "text": {"type": "string"}, "reasoning": {"type": "string"},
  "tool_calls": {"type": "array", "items": {"type": "object", "required": ["call_id", "name", "arguments"], "properties": {
    "call_id": {"type": "string"}, "name": {"type": "string"}, "arguments": {"type": "string"}}}},
  "tool_outputs": {"type": "array", "items": {"$ref": "#/components/schemas/ToolOutput"}},
  "status": {"enum": ["queued", "completed", "incomplete", "failed", "cancelled"]}, "finish_reason": {"enum": ["stop", "length", "tool_calls", "content_filter", null]},
  "error": {"type": ["object", "null"], "required": ["code", "message"], "properties": {"code": {"type": "string"}, "message": {"type": "string"}}},
  "model": {"type": ["string", "null"]}, "response": {"type": ["string", "null"]},
  "usage": {"type": ["object", "null"], "required": ["input_tokens", "cached_tokens", "output_tokens", "reasoning_tokens"], "properties": {
    "input_tokens": {"type": "integer"}, "cached_tokens": {"type": "integer"}, "output_tokens": {"type": "integer"}, "reasoning_tokens": {"type": "integer"}}},
  "speed": {"type": ["object", "null"], "required": ["first_token_ms", "tokens_per_second"], "properties": {
    "first_token_ms": {"type": "integer"}, "tokens_per_second": {"type": ["number", "null"]}}},
  "created_at": {"type": "integer"}}},
"ChatMessages": {"type": "object", "required": ["object", "data", "first_id", "last_id", "has_more"], "properties": {
  "object": {"const": "list"}, "data": {"type": "array", "items": {"$ref": "#/components/schemas/ChatMessage"}}, "first_id": {"type": ["string", "null"]}, "last_id": {"type": ["string", "null"]},
  "has_more": {"type": "boolean"}}},
"ChatSaying": {"type": "object", "properties": {
  "text": {"type": "string"}, "tool_outputs": {"type": "array", "maxItems": 128, "items": {"$ref": "#/components/schemas/ToolOutput"}},
  "parent": {"type": "string", "description": "the message that it follows; absent: the chat's leaf"}, "edits": {"type": "string", "description": "the message beside which it stands"},
  "answer": {"type": "boolean", "default": true}, "model": {"type": "string"}, "parameters": {"$ref": "#/components/schemas/ChatParameters"}}, "additionalProperties": false},
"ChatAsking": {"type": "object", "properties": {"model": {"type": "string"}, "parameters": {"$ref": "#/components/schemas/ChatParameters"}}, "additionalProperties": false},
"ChatTurn": {"type": "object", "required": ["message", "answer"], "properties": {
  "message": {"anyOf": [{"$ref": "#/components/schemas/ChatMessage"}, {"type": "null"}]}, "answer": {"anyOf": [{"$ref": "#/components/schemas/ChatMessage"}, {"type": "null"}]}}},
"Folder": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}, "chats": {"type": "integer"}}},
"Folders": {"type": "object", "required": ["object", "data"], "properties": {"object": {"const": "list"}, "data": {"type": "array", "items": {"$ref": "#/components/schemas/Folder"}}}},
"FolderName": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}, "additionalProperties": false},
"AssistantNew": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string", "pattern": "^[a-z0-9._-]{1,64}$"}, "title": {"type": "string", "maxLength": 200}, "description": {"type": "string", "maxLength": 2000}, "system_prompt": {"type": "string"},
  "model": {"type": ["string", "null"]}, "parameters": {"$ref": "#/components/schemas/ChatParameters"},
  "starters": {"type": "array", "maxItems": 8, "items": {"type": "string", "maxLength": 500}}, "departments": {"type": "array", "items": {"type": "integer"}}, "everyone": {"type": "boolean"}}, "additionalProperties": false},
"AssistantChange": {"type": "object", "properties": {"name": {"type": "string", "pattern": "^[a-z0-9._-]{1,64}$"}, "title": {"type": "string", "maxLength": 200}, "description": {"type": "string", "maxLength": 2000}, "system_prompt": {"type": "string"},
  "model": {"type": ["string", "null"]}, "parameters": {"$ref": "#/components/schemas/ChatParameters"},
  "starters": {"type": "array", "maxItems": 8, "items": {"type": "string", "maxLength": 500}}, "departments": {"type": "array", "items": {"type": "integer"}}, "everyone": {"type": "boolean"}}, "additionalProperties": false},
"Assistant": {"type": "object",
  "required": ["id", "object", "name", "title", "description", "system_prompt", "model", "parameters", "starters", "departments", "everyone", "owner", "own", "created_at", "updated_at"],
  "properties": {"id": {"type": "string"}, "object": {"const": "assistant"}, "name": {"type": "string", "pattern": "^[a-z0-9._-]{1,64}$"}, "title": {"type": "string", "maxLength": 200}, "description": {"type": "string", "maxLength": 2000}, "system_prompt": {"type": "string"},
  "model": {"type": ["string", "null"]}, "parameters": {"$ref": "#/components/schemas/ChatParameters"},
  "starters": {"type": "array", "maxItems": 8, "items": {"type": "string", "maxLength": 500}}, "departments": {"type": "array", "items": {"type": "integer"}}, "everyone": {"type": "boolean"},
  "owner": {"type": "object", "required": ["id", "name"], "properties": {"id": {"type": "integer"}, "name": {"type": "string"}}}, "own": {"type": "boolean"},
  "created_at": {"type": "integer"}, "updated_at": {"type": "integer"}}},
"Assistants": {"type": "object", "required": ["object", "data", "first_id", "last_id", "has_more"], "properties": {
  "object": {"const": "list"}, "data": {"type": "array", "items": {"$ref": "#/components/schemas/Assistant"}}, "first_id": {"type": ["string", "null"]}, "last_id": {"type": ["string", "null"]},
  "has_more": {"type": "boolean"}}},
"AuditRecords": {"type": "object", "required": ["records", "more", "next"], "properties": {
  "records": {"type": "array", "items": {"type": "object", "required": ["n", "t", "do", "outcome"], "properties": {
    "n": {"type": "integer"}, "t": {"type": "string", "format": "date-time"}, "do": {"type": "string"}, "outcome": {"type": "string"},
    "person": {"type": "integer"}, "who": {"type": "string"}, "from": {"type": "string"}, "about": {"type": "integer"}, "subject": {"type": "string"},
    "erased": {"type": "boolean"}, "facts": {"type": "object"}, "h": {"type": "string"}}}},
  "more": {"type": "boolean"}, "next": {"type": "integer", "description": "the parameter after of the next page"}}},
"Verification": {"type": "object", "required": ["state"], "properties": {
  "state": {"enum": ["none", "running", "done", "failed"]}, "started": {"type": "string", "format": "date-time"}, "ended": {"type": "string", "format": "date-time"},
  "error": {"type": "string"}, "verdict": {"type": "object", "required": ["ok", "records", "first", "last"], "properties": {
    "ok": {"type": "boolean"}, "records": {"type": "integer"}, "segments": {"type": "integer"}, "checkpoints": {"type": "integer"},
    "first": {"type": "integer"}, "last": {"type": "integer"}, "hash": {"type": "string"}, "key": {"type": "string"},
    "first_bad": {"type": "object", "properties": {"record": {"type": "integer"}, "file": {"type": "string"}, "what": {"type": "string"}}}}}}},
"ModelRequest": {"type": "object", "required": ["model"], "properties": {"model": {"type": "string"}}, "description": "As OpenAI's, and more: docs/api.md"},
"Link": {"type": "object", "required": ["token", "password"], "properties": {"token": {"type": "string"}, "password": {"type": "string"}}, "additionalProperties": false},
"SignIn": {"type": "object", "required": ["name", "password"], "properties": {
  "name": {"type": "string"}, "password": {"type": "string"}, "code": {"type": "string"}, "tenant": {"type": "string"}}, "additionalProperties": false},
"Session": {"type": "object", "properties": {"user": {}, "csrf_token": {"type": "string"}, "kept_by": {"enum": ["ldap", "oidc", null]}}},
"PasswordChange": {"type": "object", "required": ["old", "password"], "properties": {"old": {"type": "string"}, "password": {"type": "string"}}, "additionalProperties": false},
"Password": {"type": "object", "required": ["password"], "properties": {"password": {"type": "string"}}, "additionalProperties": false},
"FactorBegin": {"type": "object", "properties": {"password": {"type": "string"}}, "additionalProperties": false},
"Code": {"type": "object", "required": ["code"], "properties": {"code": {"type": "string"}}, "additionalProperties": false},
"Providers": {"type": "object", "required": ["providers"], "properties": {"providers": {"type": "array", "items": {"type": "object", "required": ["label", "start"], "properties": {"label": {"type": "string"}, "start": {"type": "string"}}}}}},
"CodeForm": {"type": "object", "required": ["code"], "properties": {"code": {"type": "string"}}},
"Name": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string", "maxLength": 64}, "tenant": {"type": ["string", "integer"]}}, "additionalProperties": false},
"TenantNew": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string", "maxLength": 64}, "zone": {"type": "string"}, "currency": {"type": "string"}}, "additionalProperties": false},
"TenantChange": {"type": "object", "properties": {"zone": {"type": "string"}, "currency": {"type": "string"}}, "additionalProperties": false},
"Tenant": {"type": "object", "required": ["id", "name", "zone", "currency", "state", "created"], "properties": {
  "id": {"type": "integer"}, "name": {"type": "string"}, "zone": {"type": "string"}, "currency": {"type": "string"},
  "state": {"enum": ["active", "suspended", "deleted"]}, "created": {"type": "integer"}}},
"Tenants": {"type": "object", "properties": {"tenants": {"type": "array", "items": {"$ref": "#/components/schemas/Tenant"}}}},
"Department": {"type": "object", "required": ["id", "tenant", "name"], "properties": {"id": {"type": "integer"}, "tenant": {"type": "integer"}, "name": {"type": "string"}, "created": {"type": "integer"}}},
"Departments": {"type": "object", "properties": {"departments": {"type": "array", "items": {"$ref": "#/components/schemas/Department"}}}},
"UserNew": {"type": "object", "required": ["name"], "properties": {
  "name": {"type": "string", "maxLength": 64}, "label": {"type": "string"}, "kind": {"enum": ["user", "service"]}, "tenant": {"type": ["string", "integer"]},
  "department": {"type": ["string", "integer"]}, "roles": {"type": "array", "items": {"type": "string"}}, "scopes": {"type": "array", "items": {"type": "string"}}}, "additionalProperties": false},
"UserTable": {"type": "object", "required": ["csv"], "properties": {
  "csv": {"type": "string", "description": "columns name, label, tenant, department, roles, as its first line says"}, "tenant": {"type": ["string", "integer"]},
  "dry_run": {"type": "boolean"}}, "additionalProperties": false},
"UserChange": {"type": "object", "properties": {"label": {"type": "string"}, "department": {"type": ["string", "integer"]}}, "additionalProperties": false},
"User": {"type": "object", "required": ["id", "tenant", "kind", "name", "state"], "properties": {
  "id": {"type": "integer"}, "tenant": {"type": "integer"}, "kind": {"enum": ["user", "service"]}, "name": {"type": "string"}, "label": {"type": "string"},
  "department": {"type": ["string", "null"]}, "state": {"enum": ["active", "suspended", "deleted"]}, "created": {"type": "integer"},
  "roles": {"type": "array", "items": {"type": "string"}}, "scopes": {"type": "array", "items": {"type": "string"}},
  "link": {"type": "string", "description": "only in the answer of an import"}, "expires": {"type": "integer", "description": "of the link"}}},
"Erasure": {"type": "object", "required": ["box", "person", "time", "by", "erased", "head", "key", "signature"], "properties": {
  "box": {"type": "string"}, "person": {"type": ["integer", "null"], "description": "who it was, in the audit trail"}, "time": {"type": "string", "format": "date-time"},
  "by": {"type": "string"}, "erased": {"type": "object", "additionalProperties": {"type": "integer"}}, "head": {"type": "object", "required": ["n", "hash"]},
  "key": {"type": "string"}, "signature": {"type": "string"}, "destroyed": {"type": "string"}, "not_reached": {"type": "array", "items": {"type": "string"}}}},
"Users": {"type": "object", "properties": {"users": {"type": "array", "items": {"$ref": "#/components/schemas/User"}}, "more": {"type": "boolean"}}},
"Roles": {"type": "object", "required": ["roles"], "properties": {"roles": {"type": "array", "items": {"enum": ["user", "operator", "system_administrator", "security_administrator", "auditor"]}}}, "additionalProperties": false},
"KeyNew": {"type": "object", "required": ["name"], "properties": {
  "name": {"type": "string", "maxLength": 64}, "user": {"type": ["string", "integer"]}, "tenant": {"type": ["string", "integer"]}, "scopes": {"type": "array", "items": {"type": "string"}},
  "models": {"type": "array", "items": {"type": "string"}}, "addresses": {"type": "array", "items": {"type": "string"}}, "expires": {"type": "integer"},
  "signing": {"type": "boolean", "description": "requests may be signed with it"}, "requests_per_minute": {"type": "integer", "minimum": 1}}, "additionalProperties": false},
"Rotation": {"type": "object", "properties": {"overlap_s": {"type": "integer", "minimum": 0, "maximum": 7776000}}, "additionalProperties": false},
"Leak": {"type": "object", "required": ["prefix"], "properties": {"prefix": {"type": "string", "minLength": 10}}, "additionalProperties": false},
"Key": {"type": "object", "required": ["id", "name", "prefix"], "properties": {
  "id": {"type": "integer"}, "name": {"type": "string"}, "prefix": {"type": "string"}, "key": {"type": "string", "description": "only in the answer that makes it"},
  "access_id": {"type": ["string", "null"], "description": "of a key that signs: by which a signature names it"},
  "user": {"type": ["string", "null"]}, "scopes": {"type": "array", "items": {"type": "string"}}, "models": {"type": "array", "items": {"type": "string"}},
  "addresses": {"type": "array", "items": {"type": "string"}}, "created": {"type": "integer"},
  "last_used": {"type": ["integer", "null"]}, "expires": {"type": ["integer", "null"]},
  "replaced": {"type": ["integer", "null"]}, "revoked": {"type": ["integer", "null"]}}},
"Keys": {"type": "object", "properties": {"keys": {"type": "array", "items": {"$ref": "#/components/schemas/Key"}}}},
"CertificateNew": {"type": "object", "required": ["pem"], "properties": {
  "pem": {"type": "string", "description": "the certificate, without its key"}, "name": {"type": "string", "maxLength": 64}, "tenant": {"type": ["string", "integer"]},
  "scopes": {"type": "array", "items": {"type": "string"}}, "models": {"type": "array", "items": {"type": "string"}},
  "addresses": {"type": "array", "items": {"type": "string"}}, "expires": {"type": "integer"}}, "additionalProperties": false},
"CertificateOwn": {"type": "object", "properties": {
  "name": {"type": "string", "maxLength": 64}, "scopes": {"type": "array", "items": {"type": "string"}}, "models": {"type": "array", "items": {"type": "string"}},
  "addresses": {"type": "array", "items": {"type": "string"}}, "expires": {"type": "integer"}}, "additionalProperties": false},
"Certificate": {"type": "object", "required": ["id", "name", "fingerprint"], "properties": {
  "id": {"type": "integer"}, "name": {"type": "string"}, "fingerprint": {"type": "string", "description": "SHA-256 of the certificate, 64 hex digits"},
  "subject": {"type": "string", "description": "its common name"}, "user": {"type": ["string", "null"]}, "tenant": {"type": ["integer", "null"]},
  "scopes": {"type": "array", "items": {"type": "string"}}, "models": {"type": "array", "items": {"type": "string"}}, "addresses": {"type": "array", "items": {"type": "string"}},
  "created": {"type": "integer"}, "last_used": {"type": ["integer", "null"]}, "expires": {"type": "integer"}, "revoked": {"type": ["integer", "null"]}}},
"Certificates": {"type": "object", "properties": {"certificates": {"type": "array", "items": {"$ref": "#/components/schemas/Certificate"}}}},
"PasskeyAsk": {"type": "object", "properties": {"name": {"type": "string"}, "password": {"type": "string"}, "tenant": {"type": "string"}}, "additionalProperties": false,
  "description": "name and password, where the passkey is the second factor; empty to sign in with a passkey alone"},
"PasskeyOptions": {"type": "object", "required": ["publicKey"], "properties": {"publicKey": {"type": "object",
  "description": "for PublicKeyCredential.parseRequestOptionsFromJSON() or parseCreationOptionsFromJSON()"}}},
"PasskeyAnswer": {"type": "object", "required": ["credential"], "properties": {"credential": {"type": "object", "description": "what PublicKeyCredential.toJSON() gives"}}, "additionalProperties": false},
"PasskeyNew": {"type": "object", "required": ["name", "credential"], "properties": {
  "name": {"type": "string", "maxLength": 64}, "credential": {"type": "object", "description": "what PublicKeyCredential.toJSON() gives"}}, "additionalProperties": false},
"Passkey": {"type": "object", "required": ["id", "name", "domain", "created"], "properties": {
  "id": {"type": "integer"}, "name": {"type": "string"}, "domain": {"type": "string"}, "created": {"type": "integer"}, "last_used": {"type": ["integer", "null"]},
  "recovery_codes": {"type": "array", "items": {"type": "string"}, "description": "with the first second factor: shown once"}}},
"Passkeys": {"type": "object", "properties": {"passkeys": {"type": "array", "items": {"$ref": "#/components/schemas/Passkey"}}, "authenticator_app": {"type": "boolean"}}},
"QuotaNew": {"type": "object", "properties": {
  "tenant": {"type": ["string", "integer"]}, "department": {"type": ["string", "integer"]}, "user": {"type": ["string", "integer"]}, "key": {"type": ["string", "integer"]},
  "model": {"type": "string"}, "metric": {"enum": ["tokens", "requests", "concurrency", "money", "storage"]}, "period": {"enum": ["minute", "day", "month"]},
  "amount": {"type": "integer", "minimum": 0, "description": "of money: millionths of the tenant's currency; of storage: bytes"}, "money": {"type": "string", "description": "in place of amount: 12.50"}}, "additionalProperties": false},
"Quota": {"type": "object", "required": ["id", "level", "metric", "period", "amount"], "properties": {
  "id": {"type": "integer"}, "level": {"enum": ["box", "tenant", "department", "user", "key"]}, "subject": {"type": ["string", "null"]}, "model": {"type": "string"},
  "metric": {"type": "string"}, "period": {"type": "string"}, "amount": {"type": "integer"}, "used": {"type": "integer"}, "reserved": {"type": "integer"}, "ends": {"type": ["integer", "null"]},
  "currency": {"type": ["string", "null"], "description": "of money: amount, used and reserved are millionths of it"}}},
"Quotas": {"type": "object", "properties": {"quotas": {"type": "array", "items": {"$ref": "#/components/schemas/Quota"}}}},
"RetentionRuleNew": {"type": "object", "required": ["kind", "days"], "properties": {
  "kind": {"enum": ["chats", "responses", "batches", "files", "logs", "contents"]}, "days": {"type": "integer", "minimum": 1, "maximum": 36500},
  "tenant": {"type": ["string", "integer"]}, "department": {"type": ["string", "integer"]}, "user": {"type": ["string", "integer"]}}, "additionalProperties": false},
"RetentionRule": {"type": "object", "required": ["id", "kind", "days", "level"], "properties": {
  "id": {"type": "integer"}, "kind": {"type": "string"}, "days": {"type": "integer"}, "level": {"enum": ["box", "tenant", "department", "user"]},
  "subject": {"type": ["string", "null"]}, "subject_id": {"type": "integer"}}},
"RetentionRules": {"type": "object", "properties": {"rules": {"type": "array", "items": {"$ref": "#/components/schemas/RetentionRule"}}}},
"Usage": {"type": "object", "properties": {"usage": {"type": "array", "items": {"type": "object", "properties": {
  "requests": {"type": "integer"}, "prompt_tokens": {"type": "integer"}, "cached_tokens": {"type": "integer"}, "completion_tokens": {"type": "integer"},
  "reasoning_tokens": {"type": "integer"}, "spent_micro": {"type": ["integer", "null"], "description": "millionths of spent_currency, by the models' own prices"}, "spent_currency": {"type": ["string", "null"]}, "cost": {"type": "number"}, "cost_peak": {"type": "number"}, "currency": {"type": "string"}}}},
  "prices": {"type": "array", "items": {"$ref": "#/components/schemas/PriceNew"}}, "machine": {"$ref": "#/components/schemas/MachineCost"}}},
"MachineCost": {"type": "object", "description": "the box beside the cloud, where the settings say what it costs", "required": ["currency", "cost_a_month", "days", "cost", "cloud_currency", "cloud_cost", "cloud_cost_peak", "break_even"], "properties": {
  "currency": {"type": "string"}, "cost_a_month": {"type": "number"}, "days": {"type": "integer"}, "cost": {"type": "number"}, "cloud_currency": {"type": "string"}, "cloud_cost": {"type": "number"}, "cloud_cost_peak": {"type": "number"},
  "break_even": {"type": ["object", "null"], "required": ["tokens_a_month", "tokens_a_month_peak", "used_a_month"], "properties": {"tokens_a_month": {"type": "number"}, "tokens_a_month_peak": {"type": "number"}, "used_a_month": {"type": "number"}}}}},
"PriceNew": {"type": "object", "required": ["model", "since", "input", "output"], "properties": {
  "model": {"type": "string"}, "since": {"type": "string", "format": "date"}, "currency": {"type": "string"}, "input": {"type": "number"}, "output": {"type": "number"}, "cached": {"type": "number"},
  "input_peak": {"type": "number"}, "output_peak": {"type": "number"}, "cached_peak": {"type": "number"}, "note": {"type": "string"}}, "additionalProperties": false}
})json";
}

}  // namespace cofre::gateway
