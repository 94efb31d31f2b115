-- What the service says of itself: JSON Schema of the parameter tables, the OpenAPI document, and arguments that are
-- refused by the same tables.
local core = require "moonlark_core"
local input = require "moonlark.server.input"
local json = require "moonlark.base.json"
local lib = dofile "tests/lua/lib.lua"
local lu = require "luaunit"
local openapi = require "moonlark.server.openapi"
local options = require "moonlark.base.options"
local schema = require "moonlark.server.schema"

local about = {
  summary = "Counts songs.", body = "sound", one_of = {"song", "path"},
  query = options.outside("count", {wait = options.number(0, {least = 0, most = 60, unit = "s"}, "how long to wait")}),
  options = options.outside("count", {
    song = options.text(options.none, "an id"), path = options.text(options.none, "a file"),
    parts = options.list(options.choice {"tempo", "key"}, options.none, {least = 1, usual = "all"}, "what to hear"),
    top = options.integer(3, {least = 1, most = 10}, "how many"),
    deep = options.boolean(false, "or shallow"),
    norm = options.either(2, {options.number(2, {above = 0}), options.choice {"max"}}, "of vectors"),
  }),
  answers = {[200] = {"the count", schema = schema.object {count = schema.integer "of songs"}},
    [404] = "There is no such song."},
}
local routes = {
  {method = "POST", path = "/v1/counts", about = about},
  {method = "GET", path = "/v1/counts/{id}", about = {summary = "A count.",
    answers = {[200] = {"a picture", type = "image/png"}, [404] = "There is no such count."}}},
  {method = "DELETE", path = "/v1/counts/{id}", about = {summary = "Forgets it.", answers = {[204] = "It is gone."}}},
  {method = "GET", path = "/health", about = {summary = "Lives.", public = true, answers = {[200] = {"yes",
    schema = schema.object {status = schema.one_of {"ok"}}}}}},
}
local document = openapi.document(routes, {version = "0.1.0", schemas = {}})

TestSchema = {}

function TestSchema:test_kinds_of_parameters()
  local function same(p, expected) lu.assertEquals(schema.of(p), expected) end
  same(options.number(120, {above = 0, unit = "BPM"}, "where to look first"),
    {type = "number", exclusiveMinimum = 0, default = 120, description = "where to look first, in BPM"})
  same(options.integer(options.none, {least = 1, most = 9, usual = "all"}), {type = "integer", minimum = 1, maximum = 9,
    description = "default: all"})
  same(options.choice({"a", "b"}, "b"), {enum = {"a", "b"}, default = "b"})
  same(options.boolean(false, "whether"), {type = "boolean", default = false, description = "whether"})
  same(options.list(options.text(options.required), options.none, {length = 2}), {type = "array",
    items = {type = "string", pattern = "^[^\\u0000]*$"}, minItems = 2, maxItems = 2})
  same(options.list(options.integer(), options.none, {single = true}), {anyOf = {{type = "integer"}, {type = "array",
    items = {type = "integer"}}}})
  same(options.either(options.none, {options.number(), options.choice {"max"}}), {anyOf = {{type = "number"},
    {enum = {"max"}, default = "max"}}})
  same(options.record("decibel", {amin = options.number(1e-10, {above = 0})}), {type = "object",
    properties = {amin = {type = "number", exclusiveMinimum = 0, default = 1e-10}}, additionalProperties = false})
  same(options.number(options.required, {infinite = true}), {type = "number"})
end

-- Rows of the engine, as functions of the library are described by them.
function TestSchema:test_the_engine_s_rows()
  local made = schema.fields(options.outside("mel", require "moonlark_core".feature.list()[1].parameters))
  lu.assertEquals(made.type, "object")
  lu.assertEquals(made.properties.hop_length.type, "integer")
  lu.assertEquals(made.properties.hop_length.minimum, 1)
end

TestInput = {}

local function said(request) return input.check(about, request) end

function TestInput:test_texts_of_a_query_become_values()
  local got = said {query = {wait = "1.5", parts = "key,tempo", top = "4", deep = "true", norm = "max"}, upload = {}}
  lu.assertEquals(got, {wait = 1.5, parts = {"key", "tempo"}, top = 4, deep = true, norm = "max"})
  lu.assertEquals(said({upload = {}}), {wait = 0, top = 3, deep = false, norm = 2})
  lu.assertEquals(said({upload = {}, query = {top = "1"}, fields = {top = "2", norm = "0.5"}}).norm, 0.5)
  lu.assertEquals(said({upload = {}, query = {top = "1"}, fields = {top = "2", norm = "0.5"}}).top, 2)
end

function TestInput:test_json_is_read_by_its_types()
  local got = said {query = {wait = "2"}, json = '{"song": "x", "parts": ["key"], "top": 5.0, "deep": true}'}
  lu.assertEquals(got, {wait = 2, song = "x", parts = {"key"}, top = 5, deep = true, norm = 2})
end

-- Each: the request, the status, the argument, words of the sentence.
local refusals = {
  {{query = {wait = "61"}}, 422, "wait", "0..60, got 61"},
  {{query = {wait = "0x10"}}, 422, "wait", 'string "0x10"'},
  {{query = {wait = ""}}, 422, "wait", 'string ""'},
  {{query = {wait = "nan"}}, 422, "wait", "a number"},
  {{query = {wit = "1"}}, 422, "wit", "did you mean 'wait'?"},
  {{query = {parts = "key,drums"}, upload = {}}, 422, "parts", '"tempo" or "key", got string "drums" as item 2'},
  {{query = {parts = ""}, upload = {}}, 422, "parts", "1 or more"},
  {{query = {deep = "yes"}, upload = {}}, 422, "deep", "true or false"},
  {{query = {}, fields = {top = "11"}, upload = {}}, 422, "top", "1..10, got 11"},
  {{json = '{"path": "a\\u0000b"}'}, 422, "path", "a string"},
  {{json = '{"top": "3"}'}, 422, "top", 'string "3"'},
  {{json = '{"top": 3.5}'}, 422, "top", "a whole number"},
  {{json = '{"top": null}'}, 422, "top", "got null"},
  {{json = '{"parts": false}'}, 422, "parts", "got false"},
  {{json = '{"parts": {"0": "key"}}'}, 422, "parts", "a list"},
  {{json = '{"norm": [1]}'}, 422, "norm", "got table"},
  {{json = '{"title": 1}'}, 422, "title", "no argument 'title'"},
  {{json = "[1]"}, 422, nil, "a JSON object"},
  {{json = "3"}, 422, nil, "a JSON object"},
  {{json = "{"}, 400, nil, "not JSON"},
}

function TestInput:test_what_is_refused_names_the_argument_what_is_allowed_and_what_came()
  for _, case in ipairs(refusals) do
    local got, refused = said(case[1])
    lu.assertNil(got)
    lu.assertEquals({refused.status, refused.argument}, {case[2], case[3]}, refused.detail)
    lu.assertStrContains(refused.detail, case[4])
  end
end

function TestInput:test_a_problem_is_raised()
  local ok, raised = pcall(input.read, about, {query = {wait = "x"}})
  lu.assertFalse(ok)
  lu.assertEquals({raised.status, raised.detail, raised.extra}, {422, 'wait must be a number 0..60, got string "x"',
    {argument = "wait"}})
end

TestDocument = {}

-- Every reference of a document leads to something in it.
local function check_references(value, whole)
  if type(value) ~= "table" then return end
  for key, inner in pairs(value) do
    if key == "$ref" then
      local at = whole
      for part in inner:gsub("^#/", ""):gmatch "[^/]+" do at = at and at[part] end
      lu.assertNotNil(at, inner)
    end
    check_references(inner, whole)
  end
end

function TestDocument:test_operations_say_what_they_take_and_give()
  local post = document.paths["/v1/counts"].post
  lu.assertEquals(post.operationId, "post_counts")
  lu.assertEquals(post.parameters[1].name, "wait")
  local bodies = post.requestBody.content
  lu.assertEquals(bodies["application/json"].schema.oneOf, {{required = {"song"}}, {required = {"path"}}})
  lu.assertNil(bodies["multipart/form-data"].schema.properties.song)
  lu.assertEquals(bodies["multipart/form-data"].schema.properties.file.format, "binary")
  for _, status in ipairs {"200", "400", "401", "403", "404", "408", "413", "415", "422", "429", "503"} do
    lu.assertNotNil(post.responses[status], status)
    local content = post.responses[status].content
    lu.assertNotNil(content[status == "200" and "application/json" or "application/problem+json"], status)
  end
  local get = document.paths["/v1/counts/{id}"].get
  lu.assertEquals(get.parameters[1]["in"], "path")
  lu.assertNotNil(get.responses["200"].content["image/png"])
  lu.assertEquals(get.operationId, "get_counts_id")
  lu.assertNil(document.paths["/health"].get.responses["401"])
  check_references(document, document)
end

function TestDocument:test_a_part_of_a_path_that_nobody_describes_is_an_error()
  lib.fails("{size}", openapi.document, {{method = "GET", path = "/v1/{size}", about = {answers = {}}}}, {schemas = {}})
end

function TestDocument:test_the_document_is_openapi()
  local python = os.getenv "MOONLARK_TEST_OPENAPI" or "python3"
  local program = "import json,sys; from openapi_spec_validator import validate; validate(json.load(open(sys.argv[1])))"
  local there = core.process.run({python, "-c", "import openapi_spec_validator"}, 60)
  if not there or there.code ~= 0 then
    lu.skip "openapi-spec-validator is not here: MOONLARK_TEST_OPENAPI names a Python that has it"
  end
  local path = lib.write(lib.folder() .. "/openapi.json", json.encode(document))
  local ran = core.process.run({python, "-c", program, path}, 60)
  lu.assertEquals(ran.code, 0, ran.err)
end

lib.run()
