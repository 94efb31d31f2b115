-- How well recordings are known again in other encodings: precision and recall, with Wilson's intervals of 95 %.
--
--     moonlark tests/bench/library/compose.lua FOLDER/songs
--     moonlark tests/bench/library/fingerprint.lua FOLDER [FOLDER OF REAL SOUNDS]
--
-- Needs the program ffmpeg. Each song is encoded anew by some of the treatments below, cut at its beginning by up to 12 s
-- (shorter sounds by up to a third) and made up to 12 dB quieter. Songs of even numbers are those that the weights of
-- lua/moonlark/music/sound/fingerprint.lua were fitted to (printed with --fit); the figures are of odd ones.
local classify = require "moonlark.classify"
local core = require "moonlark_core".music
local files = require "moonlark.base.files"
local music = require "moonlark.music"
local random = require "moonlark.corpus.random"
local torch = require "moonlark.torch"

local folder, sounds, fit = arg[1], nil, false
for i = 2, #arg do
  if arg[i] == "--fit" then fit = true else sounds = arg[i] end
end

local treatments = {
  {"mp3 128k", "-b:a 128k", "mp3"}, {"mp3 64k", "-b:a 64k", "mp3"}, {"mp3 32k", "-b:a 32k", "mp3"},
  {"aac 96k", "-c:a aac -b:a 96k", "m4a"}, {"aac 48k", "-c:a aac -b:a 48k", "m4a"},
  {"aac 32k", "-c:a aac -b:a 32k", "m4a"}, {"vorbis q3", "-c:a libvorbis -q:a 3", "ogg"},
  {"vorbis q-1", "-c:a libvorbis -q:a -1", "ogg"}, {"opus 64k", "-c:a libopus -b:a 64k", "opus"},
  {"opus 24k", "-c:a libopus -b:a 24k", "opus"}, {"opus 16k", "-c:a libopus -b:a 16k", "opus"},
  {"flac 48 kHz", "-ar 48000", "flac"}, {"wav 8 kHz", "-ar 8000", "wav"}, {"wav 8 bits", "-ar 11025 -c:a pcm_u8", "wav"},
}

-- --- the files ----------------------------------------------------------------------

local function quoted(text) return "'" .. text:gsub("'", "'\\''") .. "'" end

-- Of a file that our decoder refuses (libsndfile 1.2 takes some Opus files for damaged) by what ffmpeg makes of it.
local function heard_by(path)
  local ok, code = pcall(music.fingerprint, path)
  if ok then return code end
  local wave = files.join(folder, "decoded.wav")
  assert(os.execute(("ffmpeg -hide_banner -loglevel error -y -i %s %s"):format(quoted(path), quoted(wave))))
  io.stderr:write(path, ": by ffmpeg: ", code, "\n")
  return music.fingerprint(wave)
end

-- The fingerprint of a file, kept beside it.
local function print_of(path, name, make)
  local kept = files.join(folder, "prints", name)
  if not files.exists(kept) then
    if make then make() end
    files.write(kept, heard_by(path))
  end
  return files.read(kept)
end

-- A copy of a sound by one treatment.
local function treated(source, name, seconds, treatment, rng)
  local cut, gain = rng:uniform(0, math.min(12, seconds / 3)), rng:uniform(-12, 0)
  local path = files.join(folder, "treated." .. treatment[3])
  return {treatment = treatment[1], code = print_of(path, name .. "." .. treatment[1], function()
    local command = ("ffmpeg -hide_banner -loglevel error -y -ss %.3f -i %s -vn -af volume=%.2fdB %s %s"):format(cut,
      quoted(source), gain, treatment[2], quoted(path))
    assert(os.execute(command), command)
  end)}
end

-- {name, number, kind, group (sounds of one group may be parts of one recording), code, copies, likes}
local function recording(source, name, number, kind, seconds, count)
  local self = {name = name, number = number, kind = kind, code = print_of(source, name), copies = {}, likes = {}}
  local rng, order = random.new(7, name), {}
  for i = 1, #treatments do order[i] = i end
  for i = #order, 2, -1 do
    local j = rng:integer(1, i)
    order[i], order[j] = order[j], order[i]
  end
  for i = 1, count do self.copies[i] = treated(source, name, seconds, treatments[order[i]], rng) end
  return self
end

local function composed()
  local all, from = {}, files.join(folder, "songs")
  local names = {}
  for name in require "lfs".dir(from) do names[#names + 1] = name:match "^(.+)%.song%.wav$" end
  table.sort(names)
  for _, name in ipairs(names) do
    local song = recording(files.join(from, name .. ".song.wav"), name, tonumber(name:match "%d+$"), "composed", 30, 3)
    for _, like in ipairs {"melody", "key", "tempo", "take"} do
      local path = files.join(from, ("%s.%s.wav"):format(name, like))
      if files.exists(path) then song.likes[like] = print_of(path, name .. "." .. like) end
    end
    all[#all + 1] = song
  end
  return all
end

-- Every `step`-th of a folder's sounds.
local function real(kind, from, seconds, count, step)
  local all, paths, found = {}, {}, 0
  for path in io.popen(("find %s -name '*.ogg' | sort"):format(quoted(from))):lines() do
    found = found + 1
    if found % step == 0 then paths[#paths + 1] = path end
  end
  for i, path in ipairs(paths) do
    local name = kind .. "." .. path:match "([^/]+)%.ogg$"
    local sound = recording(path, name, i, kind, seconds, count)
    sound.group = kind == "esc10" and name:match "%d%-(%d+)%-" or nil
    all[#all + 1] = sound
  end
  return all
end

files.mkdirs(files.join(folder, "prints"))
local recordings = composed()
if sounds then
  for _, sound in ipairs(real("music", files.join(sounds, "music"), 5, #treatments, 1)) do table.insert(recordings, sound) end
  for _, sound in ipairs(real("esc10", files.join(sounds, "esc10"), 5, 2, 4)) do table.insert(recordings, sound) end
end

-- --- pairs --------------------------------------------------------------------------

local names = {"wrong", "wrong_strong", "worst_time", "worst_bands"}

-- Pairs of one half: {a, b, same, what}.
local function pairs_of(half)
  local all, part, rng = {}, {}, random.new(8, "pairs")
  for _, r in ipairs(recordings) do
    if r.number % 2 == half then part[#part + 1] = r end
  end
  local name
  local function add(a, b, same, what) all[#all + 1] = {a = a, b = b, same = same, what = what, name = name} end
  for i, r in ipairs(part) do
    name = r.name
    for j, copy in ipairs(r.copies) do
      add(r.code, copy.code, true, r.kind == "composed" and copy.treatment or r.kind)
      local other = r.copies[j % #r.copies + 1]
      if #r.copies > 2 then add(copy.code, other.code, true, "two copies") end
    end
    for like, code in pairs(r.likes) do
      add(r.code, code, false, "another " .. like)
      add(r.copies[1].code, code, false, "another " .. like)
    end
    for _ = 1, 40 do
      local other = part[rng:integer(1, #part)]
      local apart = other ~= r and not (r.group and r.group == other.group)
      if apart then add(r.copies[rng:integer(1, #r.copies)].code, other.code, false, "others") end
    end
    if r.kind == "esc10" then
      for j = i + 1, math.min(#part, i + 20) do
        if part[j].group ~= r.group and part[j].kind == r.kind then add(r.code, part[j].code, false, "of the same class") end
      end
    end
  end
  return all
end

local function wilson(k, n)
  if n == 0 then return "-" end
  local z, p = 1.96, k / n
  local middle, reach = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
  return ("%d of %d, %.2f %% (%.2f to %.2f)"):format(k, n, 100 * p, math.max(0, 100 * (middle - reach) / (1 + z * z / n)),
    100 * (middle + reach) / (1 + z * z / n))
end

if fit then
  local rows, labels = {}, {}
  for _, pair in ipairs(pairs_of(0)) do
    local found = music.same_recording(pair.a, pair.b)
    if found.overlap > 0 then
      local row = {}
      for i, name in ipairs(names) do row[i] = found[name] end
      local times = pair.what == "another melody" and 4 or 1
      for _ = 1, times do rows[#rows + 1], labels[#labels + 1] = row, pair.same and 1 or 0 end
      if pair.what ~= "others" then
        print(pair.same, pair.what, table.unpack(row))
      end
    end
  end
  torch.save(files.join(folder, "fit.safetensors"), {x = torch.tensor(rows), y = torch.tensor(labels)})
  return
end

local counts, what = {}, {}
local right, taken, all = 0, 0, 0
for _, pair in ipairs(pairs_of(1)) do
  local found = music.same_recording(pair.a, pair.b)
  local said = found.same
  if pair.same and not said then io.stderr:write(pair.what, " ", pair.name or "", " ", tostring(found), "\n") end
  local count = counts[pair.what] or {n = 0, said = 0, same = pair.same}
  if not counts[pair.what] then counts[pair.what], what[#what + 1] = count, pair.what end
  count.n, count.said = count.n + 1, count.said + (said and 1 or 0)
  all, taken, right = all + (pair.same and 1 or 0), taken + (said and 1 or 0), right + (said and pair.same and 1 or 0)
end
table.sort(what)
for _, same in ipairs {true, false} do
  print(same and "the same recording, known again:" or "other recordings, taken for the same:")
  for _, name in ipairs(what) do
    if counts[name].same == same then print(("  %-18s %s"):format(name, wilson(counts[name].said, counts[name].n))) end
  end
end
print("precision", wilson(right, taken))
print("recall", wilson(right, all))

-- All of that half in one library: pairs that are put into one group.
local codes, of = {}, {}
for _, r in ipairs(recordings) do
  if r.number % 2 == 1 then
    codes[#codes + 1], of[#of + 1] = r.code, r.name
    for _, copy in ipairs(r.copies) do codes[#codes + 1], of[#of + 1] = copy.code, r.name end
    for like, code in pairs(r.likes) do codes[#codes + 1], of[#of + 1] = code, r.name .. like end
  end
end
local grouped, rightly, truly, sizes = 0, 0, 0, {}
for _, name in ipairs(of) do sizes[name] = (sizes[name] or 0) + 1 end
for _, size in pairs(sizes) do truly = truly + size * (size - 1) // 2 end
for _, group in ipairs(music.duplicates(codes)) do
  for i = 1, #group do
    for j = i + 1, #group do
      grouped, rightly = grouped + 1, rightly + (of[group[i]] == of[group[j]] and 1 or 0)
    end
  end
end
print(("duplicates among %d files: of pairs in one group right %s; of pairs that are the same found %s"):format(#codes,
  wilson(rightly, grouped), wilson(rightly, truly)))
