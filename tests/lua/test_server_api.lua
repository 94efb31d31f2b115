-- All that a service can be asked, over real HTTP: songs, work on them, maps, models, runs, figures, its document.
local core = require "moonlark_core"
local classify = require "moonlark.classify"
local feature = require "moonlark.feature"
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local lib = require "lib"
local library = require "moonlark.library"
local lu = require "luaunit"
local png = require "moonlark.base.png"
local run = require "moonlark.run"
local service = require "service"
local torch = require "moonlark.torch"

local running, folder, beat, beat_bytes

-- A model that a service can load: two classes, told apart by loudness.
local function make_model(path)
  local heard = feature.recipe {features = {rms = {}}, pool = "mean"}
  local x = torch.tensor {{0.0}, {0.01}, {0.5}, {0.6}}
  local model = classify.knn {n_neighbors = 1}:fit {x = x, y = torch.tensor({0, 0, 1, 1}, {dtype = "int64"}),
    names = heard.names, recipe = heard, classes = {"quiet", "loud"}}
  model:save(path)
  return path
end

local function make_run(path)
  local r <close> = run.open(path, {architecture = "cnn", seed = 1})
  for epoch = 1, 3 do r:log {epoch = epoch, loss = 1 / epoch, accuracy = epoch > 1 and epoch / 4 or nil} end
  r:metrics {accuracy = 0.75}
  r:confusion {classes = {"jazz", "rock"}, confusion = torch.tensor({{3, 1}, {0, 4}}, {dtype = "int64"})}
  r:finish()
end

-- A library of three songs; the service searches it.
local function make_library(path)
  for name, hz in pairs {low = 110, middle = 330, high = 880} do
    lib.write_beat(("%s/filed/%s.wav"):format(folder, name), 8, hz)
  end
  files.write(folder .. "/filed/copy.wav", files.read(folder .. "/filed/low.wav"))
  local l <close> = library.open(path)
  lu.assertEquals(l:add(folder .. "/filed", {workers = 1, parts = {"tempo", "key"}}).heard, 3)
  return path
end

local function setup()
  if running then return end
  folder = files.temporary_folder()
  files.mkdirs(folder .. "/music")
  files.mkdirs(folder .. "/runs")
  files.mkdirs(folder .. "/filed")
  beat = folder .. "/music/beat.wav"
  lib.write_wav(beat, 12 * 22050, function(i) -- a drum at 120 beats a minute
    return 14000 * math.exp(-(i % 11025) / 900) * math.sin(2 * math.pi * 180 * (i % 11025) / 22050)
  end, 22050, 2)
  beat_bytes = files.read(beat)
  files.write(folder .. "/secret.wav", beat_bytes)
  os.execute(("ln -s %s/secret.wav %s/music/link.wav"):format(folder, folder))
  make_run(folder .. "/runs/first")
  running = service.start({"--folders", folder .. "/music", "--runs", folder .. "/runs", "--workers", "1", "--rate", "0",
    "--library", make_library(folder .. "/songs.db"), "--models",
    make_model(folder .. "/model.safetensors") .. "," .. lib.tiny_whisper(folder .. "/whisper")},
    "OMP_NUM_THREADS=1 TMPDIR=" .. folder)
end

local function ask(method, path, body, headers)
  return running:ask {method = method, path = path, body = body, headers = headers}
end
local function get(path, headers) return ask("GET", path, nil, headers) end

-- Sends a file in a form, with fields; the answer.
local function send(path, content, name, fields)
  local parts = {{name = "file", content = content, filename = name or "beat.wav", type = "audio/wav"}}
  for field, value in pairs(fields or {}) do table.insert(parts, 1, {name = field, content = value}) end
  local body, kind = service.form(parts)
  return ask("POST", path, body, {["Content-Type"] = kind})
end

local function upload()
  local answer = send("/v1/songs", beat_bytes)
  lu.assertEquals(answer.status, 201, answer.body)
  return answer.json()
end

-- The answer to a question that must be a problem of a status, with words in its detail.
local function refused(status, words, answer)
  lu.assertEquals({answer.status, answer.headers["content-type"]}, {status, "application/problem+json"}, answer.body)
  lu.assertStrContains(answer.json().detail, words)
  return answer.json()
end

-- Asks a job again until it is over.
local function ended(job)
  for _ = 1, 600 do
    local now = get(job.href).json()
    if now.status ~= "queued" and now.status ~= "running" then return now end
    core.system.sleep(0.1)
  end
  error("the job did not end", 0)
end

TestSongs = {setUp = setup}

function TestSongs:test_a_song_is_taken_listed_played_and_removed()
  local song = upload()
  lu.assertEquals({song.name, song.rate, song.channels, song.upload, song.state, song.bytes},
    {"beat.wav", 22050, 2, true, "ready", #beat_bytes})
  lu.assertAlmostEquals(song.duration, 12, 1e-6)
  lu.assertEquals(upload().id, song.id)
  lu.assertEquals(get("/v1/songs/" .. song.id).json().id, song.id)
  local page = get("/v1/songs?query=BEAT&limit=1").json()
  lu.assertEquals({page.total, page.songs[1].id}, {1, song.id})
  lu.assertEquals(get("/v1/songs?query=nothing").body, '{"songs":[],"total":0}\n')
  local sound = get("/v1/songs/" .. song.id .. "/audio", {Range = "bytes=0-3"})
  lu.assertEquals({sound.status, sound.body, sound.headers["content-type"]}, {206, "RIFF", "audio/wav"})
  lu.assertEquals(ask("DELETE", "/v1/songs/" .. song.id).status, 204)
  refused(404, "no such song", get("/v1/songs/" .. song.id))
  refused(404, "no such song", ask("DELETE", "/v1/songs/" .. song.id))
  refused(404, "no such song", get("/v1/songs/" .. song.id .. "/audio"))
end

function TestSongs:test_names_stay_what_they_are()
  local name = "../../<b>&\"x\".wav"
  local answer = send("/v1/songs", beat_bytes .. "\0\0", (name:gsub('"', "%%22")))
  lu.assertEquals(answer.status, 201, answer.body)
  lu.assertStrContains(answer.json().name, "<b>")
  lu.assertEquals(ask("DELETE", "/v1/songs/" .. answer.json().id).status, 204)
end

function TestSongs:test_what_is_no_sound_is_refused()
  refused(422, "not", send("/v1/songs", "this is no sound at all", "x.mp3"))
  refused(422, "empty", send("/v1/songs", "", "x.mp3"))
  refused(422, "exactly one", ask("POST", "/v1/songs", {}))
  refused(422, "exactly one", ask("POST", "/v1/songs", {song = ("a"):rep(32), path = "x"}))
  refused(422, "hexadecimal", ask("POST", "/v1/songs", {song = "../etc"}))
end

function TestSongs:test_files_of_the_machine_are_read_in_allowed_folders_only()
  local answer = ask("POST", "/v1/songs", {path = beat})
  lu.assertEquals(answer.status, 201, answer.body)
  for _, path in ipairs {folder .. "/secret.wav", folder .. "/music/link.wav", folder .. "/music/../secret.wav",
    "/etc/passwd",
    folder .. "/music", folder .. "/music/nothing.wav", "", "\0"} do
    local status = ask("POST", "/v1/songs", {path = path}).status
    lu.assertTrue(status == 403 or status == 422, path .. " gave " .. status)
  end
end

TestWork = {setUp = setup}

function TestWork:test_an_analysis_is_waited_for()
  local answer = send("/v1/analyses?wait=60", beat_bytes, "beat.wav", {parts = "tempo,key,mood"})
  lu.assertEquals(answer.status, 200, answer.body)
  local job = answer.json()
  lu.assertEquals({job.status, job.kind, job.progress}, {"done", "analyses", 1})
  lu.assertEquals(type(job.result.tempo), "number")
  lu.assertEquals(type(job.result.key.tonic), "string")
  lu.assertNil(job.result.chords)
  local song = get("/v1/songs/" .. job.song).json()
  lu.assertEquals(song.tempo, job.result.tempo)
  lu.assertEquals(get("/v1/songs?mood=" .. song.mood).json().total, 1)
  local least = math.floor(song.tempo)
  lu.assertEquals(get(("/v1/songs?tempo_min=%d&tempo_max=%d"):format(least, least + 1)).json().total, 1)
  lu.assertEquals(get("/v1/songs?tempo_min=" .. least + 1).json().total, 0)
end

function TestWork:test_a_job_is_asked_about_and_followed()
  local song = upload()
  local answer = ask("POST", "/v1/analyses", {song = song.id, parts = {"tempo", "beats"}})
  lu.assertEquals(answer.status, 202, answer.body)
  local job = answer.json()
  lu.assertEquals(answer.headers.location, job.href)
  lu.assertEquals(job.href, "/v1/analyses/" .. job.id)
  local events = get(job.href .. "/events").body
  lu.assertStrContains(events, "event: progress\n")
  local last = json.decode(events:match "event: done\ndata: ([^\n]*)\n\n$")
  lu.assertEquals({last.id, last.status}, {job.id, "done"})
  lu.assertEquals(#ended(job).result.beats > 10, true)
  lu.assertStrContains(get(job.href .. "/events").body, "event: done\n")
  local report = get(job.href .. "/report")
  lu.assertEquals({report.status, report.headers["content-type"]}, {200, "text/html; charset=utf-8"})
  lu.assertStrContains(report.body, "beat.wav")
  refused(404, "no such job", get("/v1/predictions/" .. job.id))
  refused(404, "no such job", get("/v1/analyses/" .. ("0"):rep(32)))
end

function TestWork:test_raw_sound_with_options_in_the_query()
  local answer = ask("POST", "/v1/analyses?wait=60&parts=tempo", beat_bytes, {["Content-Type"] = "audio/wav"})
  lu.assertEquals(answer.status, 200, answer.body)
  lu.assertEquals(type(answer.json().result.tempo), "number")
end

function TestWork:test_a_job_is_cancelled()
  local song = upload()
  local first = ask("POST", "/v1/analyses", {song = song.id}).json()
  local second = ask("POST", "/v1/analyses", {song = song.id}).json()
  refused(409, "not done", get(first.href .. "/report"))
  lu.assertEquals({ask("DELETE", second.href).status, ask("DELETE", first.href).status}, {204, 204})
  refused(404, "no such job", get(second.href))
  refused(404, "no such job", ask("DELETE", first.href))
end

function TestWork:test_arguments_are_checked_by_the_tables()
  local song = upload()
  local function about(fields)
    fields.song = song.id
    return fields
  end
  lu.assertEquals(refused(422, '"tempo"', ask("POST", "/v1/analyses", about {parts = {"temp"}})).argument, "parts")
  lu.assertEquals(refused(422, "0..60, got 61", ask("POST", "/v1/analyses?wait=61", about {})).argument, "wait")
  lu.assertEquals(refused(422, "no argument 'part'", ask("POST", "/v1/analyses", about {part = {"tempo"}})).argument,
    "part")
  lu.assertEquals(refused(422, "n_mels", ask("POST", "/v1/features", about {features = {mel = {n_mels = 0}}})).argument,
    "features")
  refused(422, "unknown feature: 'mell'", ask("POST", "/v1/features", about {features = {"mell"}}))
  refused(422, "features is needed", ask("POST", "/v1/features", about {}))
  refused(422, "pool must be", ask("POST", "/v1/features", about {features = {"mel"}, pooling = {"sum"}}))
  refused(400, "not JSON", ask("POST", "/v1/analyses", "{", {["Content-Type"] = "application/json"}))
  refused(404, "no such song", ask("POST", "/v1/analyses", {song = ("0"):rep(32)}))
end

function TestWork:test_a_file_that_is_no_sound_fails_its_job_alone()
  refused(422, "not", send("/v1/analyses?wait=60", "no sound", "x.wav", {parts = "tempo"}))
  local answer = send("/v1/analyses", "no sound either", "x.wav", {parts = "tempo"})
  lu.assertEquals(answer.status, 202, answer.body)
  local job = ended(answer.json())
  lu.assertEquals({job.status, job.problem.status}, {"failed", 422})
  lu.assertEquals(get("/health").json(), {status = "ok"})
end

function TestWork:test_features()
  local song = upload()
  local body = {song = song.id, features = {mfcc = {n_mfcc = 5}, rms = {hop_length = 512}}}
  local made = ask("POST", "/v1/features?wait=60", body)
  lu.assertEquals(made.status, 200, made.body)
  local found = made.json().result.features
  lu.assertEquals(found.mfcc.shape, {5, 517})
  lu.assertEquals(#found.mfcc.data, 5 * 517)
  body.pooling = {"mean", "std"}
  local pooled = ask("POST", "/v1/features?wait=60", body).json().result
  lu.assertEquals({#pooled.values, pooled.names[1]}, {12, "mfcc_0_mean"})
  body.pooling = nil
  local many = {song = song.id, rate = 192000, features = {mel = {hop_length = 16, n_mels = 16}}}
  refused(413, "too many for JSON", ask("POST", "/v1/features?wait=60", many))
  body.format = "npz"
  local job = ask("POST", "/v1/features?wait=60", body).json()
  local file = get(job.href .. "/file")
  lu.assertEquals({file.status, file.body:sub(1, 2)}, {200, "PK"})
  lu.assertEquals(send("/v1/features?wait=60&pooling=mean", beat_bytes, "b.wav", {features = "rms,mfcc"}).status, 200)
end

function TestWork:test_predictions()
  local models = get("/v1/models").json()
  lu.assertEquals({models.total, models.models[1].name, models.models[1].classes}, {2, "model", {"quiet", "loud"}})
  lu.assertEquals({models.models[2].name, models.models[2].classes}, {"whisper", {"blues", "jazz", "rock"}})
  local answer = send("/v1/predictions?wait=60", beat_bytes)
  lu.assertEquals(answer.status, 200, answer.body)
  local result = answer.json().result
  lu.assertTrue(result.label == "quiet" or result.label == "loud", answer.body)
  lu.assertEquals(get("/v1/songs/" .. answer.json().song).json().genre, result.label)
  lu.assertEquals(refused(422, "model must be one of model, whisper", send("/v1/predictions", beat_bytes, "b.wav",
    {model = "x"})).argument,
    "model")
  local segments = send("/v1/predictions?wait=60", beat_bytes, "b.wav", {model = "whisper", segments = "true", top = "2"})
  local heard = segments.json().result
  lu.assertTrue(#heard.segments > 1 and heard.segments[1].stop > heard.segments[1].start, segments.body)
  refused(422, "gives no embedding", send("/v1/embeddings?wait=60", beat_bytes))
  local described = send("/v1/embeddings?wait=60", beat_bytes, "b.wav", {model = "whisper"})
  lu.assertEquals({described.status, #described.json().result.embedding > 1}, {200, true}, described.body)
end

TestMaps = {setUp = setup}

function TestMaps:test_maps_and_tiles()
  local song = upload()
  local place = "/v1/songs/" .. song.id .. "/maps/"
  for kind, rows in pairs {mel = 128, cqt = 192, chroma = 12, tonnetz = 6} do
    local answer = get(place .. kind)
    lu.assertEquals(answer.status, 200, answer.body)
    local map = answer.json()
    lu.assertEquals({map.kind, map.rows, map.columns, map.zooms}, {kind, rows, 517, 3})
    local tile = get(place .. kind .. "/0/2.png")
    lu.assertEquals({tile.status, tile.headers["content-type"]}, {200, "image/png"})
    lu.assertEquals({png.size(tile.body, "tile")}, {517 - 512, rows, 3})
    lu.assertEquals({png.size(get(place .. kind .. "/2/0.png?palette=gray").body, "tile")}, {130, rows, 3})
  end
  for _, wrong in ipairs {"mel/0/3.png", "mel/3/0.png", "mel/-1/0.png", "mel/0/0.jpg", "mel/0/0", "mels",
    "mel/x/0.png"} do
    lu.assertEquals(get(place .. wrong).status, 404, wrong)
  end
  lu.assertEquals(refused(422, "palette", get(place .. "mel/0/0.png?palette=red")).argument, "palette")
end

function TestMaps:test_pictures()
  if core.process.run({"gnuplot", "--version"}, 10) == nil then lu.skip "gnuplot is not here" end
  local place = "/v1/songs/" .. upload().id .. "/picture"
  local answer = get(place .. "?kind=chroma&width=500&height=300&start=2&duration=4")
  lu.assertEquals({answer.status, answer.headers["content-type"]}, {200, "image/png"}, answer.body:sub(1, 200))
  lu.assertEquals({png.size(answer.body, "picture")}, {1000, 600, 3}) -- 192 dots an inch
  for _, kind in ipairs {"mel", "cqt", "tonnetz", "waveform"} do
    local drawn = get(place .. "?format=svg&kind=" .. kind)
    lu.assertEquals({drawn.status, drawn.headers["content-type"]}, {200, "image/svg+xml"}, drawn.body:sub(1, 200))
    lu.assertStrContains(drawn.body, "<svg")
  end
  lu.assertEquals(get(place .. "?format=pdf").body:sub(1, 5), "%PDF-")
  lu.assertEquals(refused(422, "where the song ends", get(place .. "?start=12")).argument, "start")
  lu.assertEquals(refused(422, "format", get(place .. "?format=gif")).argument, "format")
end

TestLibrary = {setUp = setup}

function TestLibrary:test_its_songs_are_listed_heard_and_compared()
  local page = get("/v1/songs?query=middle").json()
  lu.assertEquals({page.total, page.songs[1].name, page.songs[1].upload}, {1, "middle.wav", false})
  local id = page.songs[1].id
  lu.assertEquals(get("/v1/songs/" .. id).json().name, "middle.wav")
  lu.assertEquals(get("/v1/songs?query=middle").json().total, 1) -- held now, and still there once
  lu.assertEquals(get("/v1/songs/" .. id .. "/audio", {Range = "bytes=0-3"}).body, "RIFF")
  lu.assertEquals(get("/v1/songs/" .. id .. "/maps/chroma").json().kind, "chroma")
  refused(403, "stays", ask("DELETE", "/v1/songs/" .. id))
  local similar = get("/v1/songs/" .. id .. "/similar?limit=2")
  lu.assertEquals(similar.status, 200, similar.body)
  local songs = similar.json().songs
  lu.assertEquals(#songs, 2)
  lu.assertTrue(songs[1].similarity >= songs[2].similarity)
  lu.assertNotStrContains(similar.body, folder) -- no paths
  refused(409, "--library", get("/v1/songs/" .. upload().id .. "/similar"))
  refused(404, "no such song", get("/v1/songs/" .. ("0"):rep(32) .. "/similar"))
end

function TestLibrary:test_recordings_that_are_there_twice()
  local answer = get "/v1/library/duplicates"
  lu.assertEquals(answer.status, 200, answer.body)
  local groups = answer.json().groups
  lu.assertEquals(#groups, 1)
  lu.assertEquals(groups[1].songs[1].id, get("/v1/songs?query=low").json().songs[1].id)
end

function TestLibrary:test_genres_of_one_s_own()
  local id = {}
  for _, name in ipairs {"low", "middle", "high"} do id[name] = get("/v1/songs?query=" .. name).json().songs[1].id end
  local place = "/v1/library/genres"
  lu.assertEquals(get(place).body, '{"answers":0,"genres":[]}\n')
  refused(422, "an example of two or more", get(place .. "/suggestions"))
  lu.assertEquals(ask("POST", place, {song = id.low, genre = "deep"}).status, 204)
  lu.assertEquals(ask("POST", place, {song = id.high, genre = "shrill", yes = true}).status, 204)
  lu.assertEquals(get(place).json(), {genres = {"deep", "shrill"}, answers = 2})
  local found = get(place .. "/suggestions")
  lu.assertEquals(found.status, 200, found.body)
  lu.assertEquals({found.json().songs[1].said, found.json().total > 0}, {true, true})
  local questions = get(place .. "/questions?count=1").json().songs
  lu.assertEquals({#questions, questions[1].id}, {1, id.middle})
  refused(404, "no such song", ask("POST", place, {song = ("0"):rep(32), genre = "deep"}))
  refused(422, "blanks", ask("POST", place, {song = id.low, genre = " "}))
  refused(422, "genre", get(place .. "/suggestions?genre=loud"))
end

function TestLibrary:test_pages_go_from_songs_that_were_sent_to_those_of_the_library()
  upload()
  local all = get("/v1/songs").json()
  lu.assertEquals(all.total, #all.songs)
  local names = {}
  for i = 0, all.total - 1 do
    local page = get("/v1/songs?limit=1&offset=" .. i).json()
    lu.assertEquals({page.total, #page.songs}, {all.total, 1})
    names[i + 1] = page.songs[1].id
  end
  for i, song in ipairs(all.songs) do lu.assertEquals(names[i], song.id) end
  lu.assertEquals(get("/v1/songs?tempo_min=20&tempo_max=10").json().total, 0)
  refused(422, "key", get "/v1/songs?key=H%20major")
end

TestRuns = {setUp = setup}

function TestRuns:test_runs_are_listed_and_told()
  local page = get("/v1/runs").json()
  lu.assertEquals({page.runs[1].name, page.runs[1].status, page.runs[1].epochs, page.runs[1].accuracy,
    page.runs[1].kind},
    {"first", "finished", 3, 0.75, "cnn"})
  local found = get("/v1/runs/first")
  lu.assertStrContains(found.body, '"accuracy":[null,0.5,0.75]')
  lu.assertEquals(found.json().curves.epoch, {1, 2, 3})
  lu.assertEquals(found.json().settings.seed, 1)
  lu.assertStrContains(found.body, '"confusion":{"classes":["jazz","rock"],"matrix":[[3,1],[0,4]]}')
  for _, name in ipairs {"second", "..", "%2e%2e", "..%2fmusic", "first%2f.."} do
    lu.assertEquals(get("/v1/runs/" .. name).status, 404, name)
  end
end

function TestRuns:test_a_training_is_followed_as_it_goes_on()
  local r <close> = run.open(folder .. "/runs/live", {seed = 2})
  r:log {epoch = 1, loss = 0.5}
  local path = folder .. "/events"
  local request = "GET /v1/runs/live/events HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n"
  core.process.run({"bash", "-c", ("(exec 3<>/dev/tcp/127.0.0.1/%s; printf '%s' >&3; cat <&3 >%s) >/dev/null 2>&1 &"):format(
    running.port, request, path)}, 10)
  local function wait_for(words)
    for _ = 1, 300 do
      if files.exists(path) and files.read(path):find(words, 1, true) then return end
      core.system.sleep(0.1)
    end
    lu.fail(words .. " did not come: " .. (files.exists(path) and files.read(path) or "nothing"))
  end
  wait_for '{"epoch":1,"loss":0.5}'
  r:log {epoch = 2, loss = 0.25}
  wait_for '{"epoch":2,"loss":0.25}'
  r:finish()
  wait_for "event: done"
end

TestService = {setUp = setup}

function TestService:test_health_version_and_the_document()
  lu.assertEquals(get("/health").json(), {status = "ok"})
  lu.assertEquals(get("/version").json().moonlark, core.system.version)
  local document = get("/openapi.json").json()
  lu.assertEquals(document.openapi, "3.1.0")
  for _, path in ipairs {"/v1/songs/{id}/maps/{kind}/{zoom}/{tile}", "/v1/analyses", "/v1/runs/{name}/events",
    "/health"} do
    lu.assertNotNil(document.paths[path], path)
  end
  lu.assertNil(document.paths["/"])
  local python = os.getenv "MOONLARK_TEST_OPENAPI" or "python3"
  local there = core.process.run({python, "-c", "import openapi_spec_validator"}, 60)
  if not there or there.code ~= 0 then return end
  local path = lib.write(folder .. "/openapi.json", get("/openapi.json").body)
  local ran = core.process.run({python, "-c", "import json,sys; from openapi_spec_validator import validate; "
    .. "validate(json.load(open(sys.argv[1])))", path}, 60)
  lu.assertEquals(ran.code, 0, ran.err)
end

function TestService:test_figures_for_prometheus()
  get "/health"
  local answer = get "/metrics"
  lu.assertEquals(answer.status, 200, answer.body .. running:log())
  lu.assertStrContains(answer.headers["content-type"], "text/plain; version=0.0.4")
  local count = answer.body:match 'moonlark_requests_total{method="GET",route="/health",status="2xx"} (%d+)\n'
  lu.assertTrue(tonumber(count) >= 1)
  for line in answer.body:gmatch "[^\n]+" do
    local name, labels, value = line:match "^([%w_]+)(%b{}) (%S+)$"
    if not name then name, value = line:match "^([%w_]+) (%S+)$" end
    local comment = line:find "^# HELP [%w_]+ %S" or line:find "^# TYPE [%w_]+ %a+$"
    lu.assertTrue(comment and true or tonumber(value) ~= nil, line)
    for one in (labels or "{}"):sub(2, -2):gmatch "[^,]+" do lu.assertStrMatches(one, '[%a_]+=".*"') end
  end
  for _, name in ipairs {"moonlark_memory_bytes", "moonlark_songs", "moonlark_tasks_waiting", "moonlark_connections"} do
    lu.assertNotNil(answer.body:match("\n" .. name .. " ([%d.]+)"), name)
  end
end

function TestService:test_a_page_gets_a_cookie_for_the_token()
  local token = "a-token-of-some-length"
  local closed <close> = service.start {"--token-file", lib.write(folder .. "/token", token .. "\n")}
  local function status(headers) return closed:ask {path = "/v1/songs", headers = headers}.status end
  lu.assertEquals({status(), status {Authorization = "Bearer " .. token}}, {401, 200})
  local refusal = closed:ask {method = "POST", path = "/v1/session", body = {token = "another"}}
  lu.assertEquals({refusal.status, refusal.headers["set-cookie"]}, {401, nil})
  local answer = closed:ask {method = "POST", path = "/v1/session", body = {token = token}}
  lu.assertEquals(answer.status, 204)
  lu.assertStrContains(answer.headers["set-cookie"], "HttpOnly; SameSite=Strict")
  lu.assertEquals(status {Cookie = answer.headers["set-cookie"]:match "^[^;]+"}, 200)
  lu.assertEquals(closed:ask {path = "/health"}.status, 200)
end

lib.run(false, function()
  if running then running:__close() end
  if folder then files.remove(folder) end
end)
