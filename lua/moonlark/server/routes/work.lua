--- Routes of work: analyses, predictions, features and embeddings of songs, as jobs with results.
local features_asked = require "moonlark.server.features_asked"
local files = require "moonlark.base.files"
local options = require "moonlark.base.options"
local parts = require "moonlark.music.analysis.parts"
local problem = require "moonlark.server.problem"
local recipe = require "moonlark.feature.recipe"
local schema = require "moonlark.server.schema"
local source = require "moonlark.server.source"
local waiting = require "moonlark.server.waiting"

local job_schema = schema.named "Job"
local no_job = "There is no such job (any more)."

local model = options.text(options.none, "its name, as GET /v1/models lists it", {usual = "the first"})

-- By the kind of job: what is asked, and in which words.
local kinds = {
  analysis = {
    summary = "Hears a song: tempo, beats, key, chords, sections, loudness, mood and more.",
    fields = {parts = options.list(options.choice(parts.names), options.none, {least = 1, usual = "everything"},
      "what to hear")},
  },
  prediction = {
    summary = "Asks a model what a song is.", models = true,
    fields = {model = model, segments = options.boolean(false, "also what is heard in each segment"),
      top = options.integer(options.none, {least = 1, most = 10000, usual = "all"},
        "how many classes to name, the likeliest first")},
  },
  features = {
    summary = "Computes features: numbers over time, or pooled over the song.",
    fields = {features = features_asked.parameter(),
      pooling = options.list(options.text(), options.none, {least = 1, usual = "all frames"},
        "statistics over time: mean, std, min, max, median, p0 … p100"),
      rate = options.integer(22050, {least = 1000, most = 192000, unit = "Hz"}, "at which the song is heard"),
      format = options.choice({"json", "npz"}, "json", "numbers in the result, or a file of arrays")},
  },
  embedding = {summary = "Describes a song by the numbers of a model from elsewhere.", models = true,
    fields = {model = model}},
}

-- The quarter in which a mood lies; nil where it is not known.
local function mood_of(mood)
  local valence, arousal = mood and mood.valence and mood.valence.value, mood and mood.arousal and mood.arousal.value
  if not valence or not arousal then return nil end
  if arousal >= 0.5 then return valence >= 0.5 and "happy" or "tense" end
  return valence >= 0.5 and "calm" or "sad"
end

-- What was heard in a song, kept with it, so that songs can be searched by it.
local function note(service, job)
  local song, result = job.song and service.songs:get(job.song), job.result
  if not song or not result then return end
  song.known = song.known or {}
  if job.kind == "analysis" then
    song.known.tempo = result.tempo or song.known.tempo
    local key = result.key
    song.known.key = key and key.tonic and ("%s %s"):format(key.tonic, key.mode) or song.known.key
    song.known.mood = mood_of(result.mood) or song.known.mood
  elseif job.kind == "prediction" then
    song.known.genre = result.label or song.known.genre
  end
end

-- What the parameters alone do not tell: the model must be there, the recipe must be one.
local checks = {}

function checks.models(service, said)
  local there = service.pool.models
  if not service.has_models then problem.fail(409, "the service was started without a model (--models)") end
  if not (said.model and there) then return end
  local names = {}
  for i, one in ipairs(there) do
    if one.name == said.model then return end
    names[i] = one.name
  end
  problem.fail(422, ("model must be one of %s"):format(table.concat(names, ", ")), {argument = "model"})
end

function checks.features(_, said)
  local fine, why = pcall(recipe.new, {features = said.features, rate = said.rate, pool = said.pooling})
  if not fine then problem.fail(422, tostring(why), {argument = "features"}) end
end

local function start(service, kind, request)
  local how, said, chosen = kinds[kind], request.said, {}
  if how.models then checks.models(service, said) end
  if checks[kind] then checks[kind](service, said) end
  for name in pairs(how.fields) do chosen[name] = said[name] end
  local song = source.song(service, request, said)
  local job = waiting.start(service, {kind = kind, song = song.id, options = chosen})
  job:listen(function(event) if event == "done" then note(service, job) end end)
  waiting.answer(request, job, said.wait)
end

-- A file that a task has left in the folder of its song.
local function send_left(service, job, request, type_name)
  local path = job.result and job.result.file and files.join(service.songs:folder(job.song), job.result.file)
  if not path or not files.exists(path) then problem.fail(404, "the job has left no such file, or its song is gone") end
  request:send_file(path, type_name, {["Content-Disposition"] = ('attachment; filename="%s"'):format(job.result.file)})
end

-- The page of an analysis: made by a worker when it is first asked for.
local function report(service, request)
  local job = waiting.job(service, "analysis", request.parts.id)
  if job.status ~= "done" then problem.fail(409, "the analysis is not done") end
  waiting.task(request, {task = "report", song = job.song, options = job.options}, function(_, result)
    request:send_file(files.join(service.songs:folder(job.song), result.file), "text/html; charset=utf-8", {
      ["Content-Security-Policy"] = "default-src 'none'; img-src data:; media-src data:; style-src 'unsafe-inline'; "
        .. "script-src 'unsafe-inline'; sandbox allow-scripts"})
  end)
end

local function add_kind(route, service, kind)
  local how, place = kinds[kind], "/v1/" .. waiting.places[kind]
  local started = {[200] = {"The job, done within `wait`.", schema = job_schema},
    [202] = {"The job.", schema = job_schema},
    [403] = "The path lies in no folder that may be read.", [404] = "There is no such song (any more).",
    [409] = how.models and "The service was started without a model." or nil,
    [500] = "What worked on it crashed: only this job is affected.", [504] = "It took too long."}
  route("POST " .. place, {summary = how.summary, body = "sound", one_of = source.one_of,
    query = options.outside(place, {wait = options.number(0, {least = 0, most = 60, unit = "s"},
      "how long to wait for the result")}),
    options = options.outside(place, source.fields, how.fields), answers = started,
  }, function(request) start(service, kind, request) end)

  local one = place .. "/{id}"
  route("GET " .. one, {summary = "How far a job is, or what came of it.",
    answers = {[200] = {"The job.", schema = job_schema},
    [202] = {"The job, not over yet.", schema = job_schema}, [404] = no_job},
  }, function(request) waiting.answer(request, waiting.job(service, kind, request.parts.id), 0) end)
  route("DELETE " .. one, {summary = "Cancels a job that is not over, and forgets it.",
    answers = {[204] = {"It is gone."}, [404] = no_job}},
    function(request)
      service.jobs:remove(waiting.job(service, kind, request.parts.id).id)
      request:answer(204)
    end)
  route("GET " .. one .. "/events", {summary = "What happens to a job, as server-sent events.",
    events = "progress {progress, stage, status}; in the end done, failed or cancelled, with the job",
    answers = {[200] = {"The events.", type = "text/event-stream", schema = schema.event}, [404] = no_job},
  }, function(request) waiting.follow(request, waiting.job(service, kind, request.parts.id)) end)
end

return function(route, service)
  for _, kind in ipairs {"analysis", "prediction", "features", "embedding"} do add_kind(route, service, kind) end
  route("GET /v1/analyses/{id}/report", {summary = "An analysis as a page with pictures and sound.",
    answers = {[200] = {"The page.", type = "text/html", schema = schema.text()}, [404] = no_job,
      [409] = "It is not done yet.",
      [500] = "What worked on it crashed.", [504] = "It took too long."}},
    function(request) report(service, request) end)
  route("GET /v1/features/{id}/file", {summary = "The arrays of a job that was asked for a file (format = npz).",
    answers = {[200] = {"The file.", type = "application/zip", schema = schema.text(nil, {format = "binary"})},
      [206] = {"What Range asked for.", type = "application/zip", schema = schema.text(nil, {format = "binary"})},
      [404] = "There is no such job, or it has left no file.", [416] = "Range lies outside of the file."}},
    function(request)
      send_left(service, waiting.job(service, "features", request.parts.id), request, "application/zip")
    end)
end
