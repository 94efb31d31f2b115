--- OpenAPI: the document (3.1) that describes a service, made from its routes and their parameter tables.
---
---     local document = openapi.document(routes, {version = "0.1.0", schemas = answers.schemas})
---     request:answer(200, document)
local input = require "moonlark.server.input"
local json = require "moonlark.base.json"
local options = require "moonlark.base.options"
local schema = require "moonlark.server.schema"
local text = require "moonlark.base.text"

local openapi = {}

--- What is said of a route where it is made.
---@class moonlark.server.About
---@field summary string  one line
---@field body "json"|"sound"|nil
---@field public boolean?  asked without a token
---@field hidden boolean?  no part of the document: a file of the page
---@field tag string?  under which it stands in the document
---@field parts table<string, table>?  schemas of the parts in braces; default: openapi.parts by their names
---@field query moonlark.Description?  arguments of the query
---@field options moonlark.Description?  fields of the body
---@field one_of string[]?  exactly one of these fields of a body of JSON must be there
---@field needs_body boolean?
---@field answers table<integer, string|moonlark.server.Answer>  by status; a string: what the problem is
---@field events string?  what is sent as server-sent events, in words

---@class moonlark.server.Answer
---@field [1] string  in words
---@field schema table?  of JSON
---@field type string?  another media type
---@field content table<string, table>?  several media types with their schemas, instead
---@field headers table<string, string>?  name -> what it says

--- The usual parts of paths.
openapi.parts = {
  id = schema.text("32 hexadecimal digits", {pattern = "^[0-9a-f]{32}$"}),
  name = schema.text("the name of a folder", {minLength = 1}),
}

-- What any request may come to, beside the route's own answers.
local always = {
  [400] = "The request is malformed.", [401] = "A token is needed.", [403] = "The Origin is not allowed here.",
  [421] = "The Host is not a name of this service.", [422] = "An argument is not what it may be; `argument` names it.",
    [429] = "Too many requests of one address.",
  [503] = "Too much is under way; Retry-After says when to ask again.",
}
local with_body = {
  [408] = "The body took too long.", [413] = "The body, or the sound in it, is larger than what is taken.",
  [415] = "The body is of a type that is not taken here.",
}

local function problem_answer(words)
  return {description = words, content = {["application/problem+json"] = {schema = schema.named "Problem"}}}
end

local function headers_of(headers)
  local made = {}
  for name, words in pairs(headers) do made[name] = {description = words, schema = {type = "string"}} end
  return made
end

local function answer_of(status, answer)
  if type(answer) == "string" then
    return status >= 400 and problem_answer(answer) or {description = answer}
  end
  local made = {description = answer[1], headers = answer.headers and headers_of(answer.headers)}
  if answer.schema or answer.type then
    local kind = answer.type or "application/json"
    made.content = {[kind] = {schema = answer.schema or nil}}
  end
  made.content = made.content or answer.content
  return made
end

local function answers_of(about)
  local answers = {}
  local function add(list)
    for status, answer in pairs(list) do answers[tostring(status)] = answer_of(status, answer) end
  end
  add(always)
  answers["401"] = not about.public and answers["401"] or nil
  if about.body then add(with_body) end
  add(about.answers)
  return answers
end

local function parameter_of(p)
  return {name = p.name, ["in"] = "query", required = p.required or nil, schema = schema.of(p), description = p.help,
    style = p.kind == "list" and "form" or nil, explode = p.kind == "list" and false or nil}
end

-- Whether a field says which song is meant where no sound comes.
local function is_source(about, name)
  for _, field in ipairs(about.one_of or {}) do
    if field == name then return true end
  end
  return false
end

local function parameters_of(path, about)
  local list = {}
  for name in path:gmatch "{(%w+)}" do
    local part = about.parts and about.parts[name] or openapi.parts[name]
    if not part then error(("%s: nobody says what {%s} may be"):format(path, name), 0) end
    list[#list + 1] = {name = name, ["in"] = "path", required = true, schema = part, description = part.description}
  end
  for _, p in ipairs(about.query and about.query.list or {}) do list[#list + 1] = parameter_of(p) end
  for _, p in ipairs(about.body == "sound" and about.options.list or {}) do
    if not is_source(about, p.name) then list[#list + 1] = parameter_of(p:but {name = p.name, required = false}) end
  end
  for _, p in ipairs(about.body == "sound" and input.of_upload.list or {}) do list[#list + 1] = parameter_of(p) end
  return #list > 0 and list or nil
end

-- --- bodies --------------------------------------------------------------------------

local nothing = options.outside("nothing", {})

-- The fields of a body of JSON: those of the options; of `one_of` exactly one.
local function json_body(about)
  local made = schema.fields(about.options or nothing)
  if not about.one_of then return made end
  made.oneOf = {}
  for i, name in ipairs(about.one_of) do made.oneOf[i] = {required = {name}} end
  return made
end

-- A form: the sound as `file`, and the options as texts.
local function form_body(about)
  local made = schema.fields(about.options or nothing)
  made.additionalProperties = nil -- they are refused; but one without a value is nothing that a form could say
  for _, name in ipairs(about.one_of or {}) do made.properties[name] = nil end
  local encoding = {file = {contentType = "audio/*, application/octet-stream"}}
  for _, p in ipairs(about.options and about.options.list or {}) do
    if p.kind == "list" and made.properties[p.name] then
      encoding[p.name] = {style = "form", explode = false}
      made.properties[p.name].minItems = nil -- a form has no words for a list of nothing: it leaves it out
    end
  end
  made.properties.file = schema.text("the sound: WAV, MP3, FLAC, OGG, M4A …", {format = "binary", minLength = 1})
  made.required = table.move(made.required or {}, 1, #(made.required or {}), 2, {"file"})
  return {schema = made, encoding = encoding}
end

local function body_of(about)
  if not about.body then return nil end
  local content = {["application/json"] = {schema = json_body(about)}}
  if about.body == "sound" then
    content["multipart/form-data"] = form_body(about)
    content["application/octet-stream"] = {schema = schema.text("the sound itself; options stand in the query",
      {format = "binary", minLength = 1})}
  end
  return {required = about.body == "sound" or about.needs_body or false, content = content}
end

-- "POST /v1/analyses/{id}" is called "post_analyses_id".
local function operation_id(method, path)
  return (method:lower() .. path:gsub("^/v1", ""):gsub("[^%w]+", "_"):gsub("_$", ""))
end

local function operation(route)
  local about = route.about
  return {operationId = operation_id(route.method, route.path), summary = about.summary, description = about.events,
    tags = {about.tag or route.path:match "^/v1/(%w+)" or "service"}, parameters = parameters_of(route.path, about),
    requestBody = body_of(about), responses = answers_of(about), security = about.public and {{}} or nil}
end

--- The document of routes: {method, path, about} each.
---@param routes {method: string, path: string, about: moonlark.server.About}[]
---@param facts {version: string, schemas: table<string, table>}  of the program; schemas that answers name
---@return table
function openapi.document(routes, facts)
  local paths = {}
  for _, route in ipairs(routes) do
    if not route.about.hidden and route.about.answers then
      paths[route.path] = paths[route.path] or {}
      paths[route.path][route.method:lower()] = operation(route)
    end
  end
  local schemas = {Problem = openapi.problem}
  for _, name in ipairs(text.keys(facts.schemas)) do schemas[name] = facts.schemas[name] end
  return {
    openapi = "3.1.0", jsonSchemaDialect = "https://json-schema.org/draft/2020-12/schema",
    info = {title = "Moonlark", version = facts.version, license = {name = "GPL-3.0-or-later",
      identifier = "GPL-3.0-or-later"},
      description = "What is heard in songs: analyses, predictions, features, embeddings. Times are in seconds."},
    paths = paths, security = {{}, {token = json.array {}}, {session = json.array {}}},
    components = {schemas = schemas, securitySchemes = {
      token = {type = "http", scheme = "bearer", description = "the token that the service was started with"},
      session = {type = "apiKey", ["in"] = "cookie", name = "moonlark", description = "what POST /v1/session gives"},
    }},
  }
end

--- What went wrong (RFC 9457).
openapi.problem = schema.object({type = schema.text "a name of the kind of problem",
  title = schema.text "the status in words",
  status = schema.integer "of HTTP", detail = schema.text "what happened, in a sentence",
  ["argument?"] = schema.text "the argument that is at fault"})

return openapi
