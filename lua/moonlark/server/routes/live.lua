--- Routes of live streams: sound comes over a WebSocket, and what is heard of it goes back.
---
--- OpenAPI has no words for WebSockets, so that this one is not in the document: the manual tells of it.
local options = require "moonlark.base.options"
local problem = require "moonlark.server.problem"

local kinds = {"level", "columns", "beat", "key", "chord", "prediction"}

local query = options.outside("live", {
  rate = options.integer(options.none, {least = 1000, most = 768000, unit = "Hz"}, "samples per second",
    {usual = "44100; of Opus 48000"}),
  channels = options.integer(1, {least = 1, most = 64}, "of the sound, interleaved"),
  format = options.choice({"f32", "s16", "s24", "s32", "u8", "opus"}, "f32", "of the samples, little-endian; or a packet a message"),
  events = options.list(options.choice(kinds), options.none, {least = 1, usual = "all"}, "which are told"),
  model = options.text(options.none, "whose predictions are told", {usual = "the first, where there is one"}),
  every = options.number(1, {least = 0.1, most = 3600, unit = "s"}, "from one prediction to the next"),
})

local of_opus = {[8000] = true, [12000] = true, [16000] = true, [24000] = true, [48000] = true}

local function check_opus(said)
  if not of_opus[said.rate] then problem.fail(422, ("rate must be 8000, 12000, 16000, 24000 or 48000 for Opus, got %d"):format(said.rate)) end
  if said.channels > 2 then problem.fail(422, ("channels must be 1 or 2 for Opus, got %d"):format(said.channels)) end
end

return function(route, service)
  route("GET /v1/live", {summary = "Hears sound while it goes on, over a WebSocket.", hidden = true, query = query,
    answers = {[426] = "It is asked for without a WebSocket.", [503] = "Too many streams are heard."}}, function(request)
    local said = request.said
    said.rate = said.rate or (said.format == "opus" and 48000 or 44100)
    if said.format == "opus" then check_opus(said) end
    if service.live:full() then
      problem.fail(503, "as many streams are heard as may be: see --streams", nil, {["Retry-After"] = "10"})
    end
    service.live:hear(request, said)
  end)
end
