-- Training batches: what they hold, that they repeat to the bit, padding, normalisation, bad files and bad options.
local lib = require "lib"
local lu = require "luaunit"
local audio = require "moonlark.audio"
local augment = require "moonlark.augment"
local contract = require "moonlark.dataset.contract"
local dataset = require "moonlark.dataset"
local feature = require "moonlark.feature"
local files = require "moonlark.base.files"
local json = require "moonlark.base.json"
local torch = require "moonlark.torch"

local place
TestBatches, TestAugment, TestMistakes = {}, {}, {}

local function write_wav(path, ...) return lib.write_beat(files.join(place, path), ...) end

local function make_songs()
  for i = 1, 4 do
    write_wav(("low/%d.wav"):format(i), 0.5 + i / 5, 100 + 10 * i)
    write_wav(("high/%d.wav"):format(i), 0.5 + i / 5, 2000 + 100 * i)
  end
  return dataset.folder(place)
end

local function train_part() return make_songs():split({train = 1}).train end

lib.in_folder({TestBatches, TestAugment, TestMistakes}, function(folder) place = folder end)

-- Options with the usual ones filled in.
local function with(given)
  local all = {feature = "mel", segment = 0.4, batch_size = 3, progress = false}
  for key, value in pairs(given or {}) do all[key] = value end
  if all.features then all.feature = nil end
  return all
end

local function collect(b, epoch)
  local list = {}
  for batch in b:epoch(epoch) do list[#list + 1] = batch end
  return list
end

local function same(a, b)
  if #a ~= #b then return false end
  for i = 1, #a do
    if not a[i].x:equal(b[i].x) or not a[i].y:equal(b[i].y) then return false end
  end
  return true
end

-- what batches hold ----------------------------------------------------------------

function TestBatches:test_the_grid_in_order()
  local songs = make_songs()
  local b = songs:batches(with {normalize = false, decibel = false, hop = 0.2})
  lu.assertEquals({b.rows, b.frames, b:shape()}, {128, 18, {128, 18}})
  lu.assertEquals({b.names[1], b.names[128]}, {"mel_0", "mel_127"})
  local list = collect(b, 1)
  lu.assertEquals(#list, b:count())
  lu.assertEquals(b.classes, {"high", "low"})
  local n = 0
  for _, batch in ipairs(list) do
    lu.assertNil(batch.mask)
    lu.assertEquals(batch.x:shape(), {#batch.tracks, 128, 18})
    for i, track in ipairs(batch.tracks) do
      n = n + 1
      lu.assertEquals(batch.paths[i], songs[track].path)
      lu.assertEquals(batch.lengths[i], 18)
      lu.assertEquals(batch.y:totable()[i], songs[track].label == "low" and 1 or 0)
      local whole = feature.mel(audio.load(songs[track].path)).data
      local frame = math.floor(batch.starts[i] * 22050 / 512 + 0.5)
      lu.assertTrue(batch.x:select(0, i - 1):equal(whole:narrow(1, frame, 18)))
    end
  end
  lu.assertEquals({n, #b, b:items()}, {#b, n, n})
  local first = list[1]
  lu.assertEquals({first.tracks[1], first.tracks[2]}, {1, 1})
  lu.assertEquals(first.starts[1], 0)
  lu.assertAlmostEquals(first.starts[2], 0.2, 512 / 22050)
end

function TestBatches:test_decibels_and_joined_features()
  local songs = make_songs()
  local b = songs:batches(with {features = {mel = {n_mels = 40}, chroma_stft = {}, spectrogram = {power = 1}},
    normalize = false, batch_size = 1})
  lu.assertEquals(b.rows, 12 + 40 + 1025)
  lu.assertEquals({b.names[1], b.names[13], b.names[53]}, {"chroma_stft_0", "mel_0", "spectrogram_0"})
  local batch = collect(b, 1)[1]
  local song = audio.load(batch.paths[1])
  local x = batch.x:select(0, 0)
  local function near(from, n, wanted) return (x:narrow(0, from, n) - wanted:narrow(1, 0, 18)):abs():max():item() end
  lu.assertTrue(near(0, 12, feature.chroma_stft(song).data) == 0)
  lu.assertTrue(near(12, 40, feature.mel(song, {n_mels = 40}).data:clamp(1e-10):log10() * 10) < 1e-4)
  lu.assertTrue(near(52, 1025, feature.spectrogram(song, {power = 1}).data:clamp(1e-5):log10() * 20) < 1e-4)
end

function TestBatches:test_closing_the_material_ends_no_epoch()
  local b = train_part():batches(with {memory = 0})
  local whole, parts = collect(b, 1), {}
  for batch in b:epoch(1) do
    b.material:close()
    collectgarbage()
    parts[#parts + 1] = batch
  end
  lu.assertTrue(#parts > 1 and same(whole, parts))
  lu.assertTrue(same(whole, collect(b, 1)))
  b.plan = nil
  lu.assertErrorMsgContains("the material is closed", b.epoch, b, 1)
end

function TestBatches:test_the_same_bits_for_any_workers_cache_and_memory()
  local train = train_part()
  local one = train:batches(with {workers = 1})
  local other = train:batches(with {workers = 5, cache = place .. "/.cache"})
  local stats, more = one:statistics(), other:statistics()
  lu.assertTrue(stats.mean:equal(more.mean) and stats.std:equal(more.std))
  lu.assertTrue(same(collect(one, 3), collect(other, 3)))
  lu.assertTrue(same(collect(one, 3), collect(one, 3)))
  lu.assertFalse(same(collect(one, 3), collect(one, 4)))
  lu.assertFalse(same(collect(one, 3), collect(train:batches(with {seed = 1}), 3)))
  lu.assertTrue(same(collect(one, 3), collect(train:batches(with {seed = 1}):set_seed(0), 3)))
  for _, cache in ipairs {false, place .. "/.cache"} do -- nothing fits: every segment is read again
    lu.assertTrue(same(collect(one, 3), collect(train:batches(with {memory = 0, cache = cache or nil}), 3)))
  end
end

function TestBatches:test_a_part_decides_how_tracks_are_cut()
  local parts = make_songs():split {train = 0.5, test = 0.5}
  local train, test = parts.train:batches(with()), parts.test:batches(with())
  lu.assertEquals({train.settings.crop, train.settings.shuffle}, {true, true})
  lu.assertEquals({test.settings.crop, test.settings.shuffle}, {false, false})
  lu.assertErrorMsgContains("call normalize_by", test.epoch, test, 1)
  test:normalize_by(train:statistics())
  local seen = {}
  for batch in test:epoch(1) do
    for _, track in ipairs(batch.tracks) do seen[#seen + 1] = track end
  end
  local sorted = {table.unpack(seen)}
  table.sort(sorted)
  lu.assertEquals(seen, sorted)
  lu.assertEquals(#parts.train:batches(with {per_track = 7}), 7 * #parts.train)
  local starts = {}
  for batch in train:epoch(1) do
    for _, start in ipairs(batch.starts) do starts[start] = true end
  end
  local n = 0
  for _ in pairs(starts) do n = n + 1 end
  lu.assertTrue(n > 3)
end

function TestBatches:test_normalisation_is_over_all_tracks_and_times()
  local train = train_part()
  local b = train:batches(with {features = {mfcc = {}, rms = {}}, crop = false})
  local all = {}
  for _, track in ipairs(train) do
    local song = audio.load(track.path)
    all[#all + 1] = torch.cat({feature.mfcc(song).data, feature.rms(song).data:clamp(1e-5):log10() * 20}, 0)
  end
  local joined = torch.cat(all, 1):to "float64"
  local stats = b:statistics()
  lu.assertEquals({stats.mean:shape(), stats.std:dtype()}, {{21}, "float32"})
  lu.assertTrue((stats.mean - joined:mean(1)):abs():max():item() < 1e-4)
  lu.assertTrue((stats.std - joined:std({1}, {correction = 0})):abs():max():item() < 1e-4)
end

function TestBatches:test_whole_tracks_are_padded_and_masked()
  local songs = make_songs()
  local b = songs:batches(with {segment = false, batch_size = 4})
  lu.assertNil(b.frames)
  lu.assertEquals(b:count(), 2)
  for batch in b:epoch(1) do
    local longest = math.max(table.unpack(batch.lengths))
    lu.assertEquals(batch.x:shape(), {4, 128, longest})
    lu.assertEquals(batch.mask:sum(1):totable(), batch.lengths)
    lu.assertEquals(batch.mask:dtype(), "bool")
    for i, length in ipairs(batch.lengths) do
      local rest = batch.x:select(0, i - 1):narrow(1, length, longest - length)
      lu.assertTrue(length == longest or rest:abs():max():item() == 0)
    end
  end
end

function TestBatches:test_tracks_shorter_than_the_segment()
  write_wav("a/1.wav", 0.2, 440)
  write_wav("a/2.wav", 1, 440)
  for _, crop in ipairs {true, false} do
    local b = dataset.folder(place):batches(with {segment = 0.5, crop = crop, batch_size = 9})
    local batch = collect(b, 1)[1]
    lu.assertEquals(batch.lengths[1], 9)
    lu.assertEquals(batch.mask:select(0, 0):totable()[9], true)
    lu.assertEquals(batch.mask:select(0, 0):totable()[10], false)
  end
end

function TestBatches:test_drop_last_and_unlabelled()
  local paths = {}
  for i = 1, 5 do paths[i] = write_wav(i .. ".wav", 0.5, 100 * i) end
  local b = dataset.files(paths):batches(with {drop_last = true, batch_size = 2})
  local list = collect(b, 1)
  lu.assertEquals({#list, b:count(), #b}, {2, 2, 5})
  lu.assertNil(list[1].y)
end

function TestBatches:test_pieces_of_tracks()
  local pieces = train_part():segments {seconds = 0.3}
  local b = pieces:batches(with {segment = 0.15, crop = false, shuffle = false})
  for batch in b:epoch(1) do
    for i, place in ipairs(batch.tracks) do
      lu.assertTrue(batch.starts[i] >= pieces[place].start and batch.starts[i] <= pieces[place].start + 0.15)
    end
  end
  local recipe = feature.recipe {features = {"mel"}, start = 0.1, duration = 0.4}
  local batch = collect(train_part():batches {recipe = recipe, segment = 0.2, crop = false, shuffle = false,
    progress = false}, 1)[1]
  lu.assertAlmostEquals(batch.starts[1], 0.1, 1e-9)
  lu.assertAlmostEquals(batch.starts[2], 0.3, 0.03)
end

function TestBatches:test_bad_files_are_set_aside()
  make_songs()
  files.write(place .. "/high/2.wav", "this is no sound")
  local songs = dataset.folder(place)
  local b = songs:batches(with())
  lu.assertEquals(#songs, 8)
  collect(b, 1)
  lu.assertEquals({#b.dataset, #b.rejected, #songs}, {7, 1, 8})
  lu.assertEquals(b.rejected[1].path, place .. "/high/2.wav")
  for batch in b:epoch(2) do
    for i, track in ipairs(batch.tracks) do lu.assertEquals(b.dataset[track].path, batch.paths[i]) end
  end
end

-- A file whose header promises more than is there.
local function write_cut(path, seconds)
  local whole = audio.load(write_wav("cut.wav", seconds, 900))
  files.remove(place .. "/cut.wav")
  path = files.join(place, path)
  audio.save(path, whole)
  local bytes = files.read(path)
  files.write(path, bytes:sub(1, #bytes // 2))
  return path
end

function TestBatches:test_files_cut_short_are_kept_when_asked()
  make_songs()
  local path = write_cut("high/5.flac", 2)
  local ways = {
    frames = {}, sound = {augment = {augment.gain {db = {-6, 6}}}}, pooled = {pool = "mean", segment = false},
    cached = {cache = place .. "/cache"}, recipe = {recipe = {features = {"mel"}, partial = "keep"}},
  }
  for name, way in pairs(ways) do
    local given = with(way)
    if way.recipe then given.feature = nil else given.partial = "keep" end
    if way.pool then given.segment = nil end
    for _ = 1, 2 do
      local b = dataset.folder(place):batches(given)
      collect(b, 1)
      lu.assertEquals({#b.dataset, #b.rejected, #b.partial}, {9, 0, 1}, name)
      lu.assertEquals(b.partial[1].path, path)
      lu.assertStrContains(b.partial[1].reason, " of 2.000 s are there")
      local again = dataset.folder(place):batches(b:options()) -- as a trained network asks for it
      if again.prepare then again:prepare() end
      lu.assertEquals({#again.rejected, #again.partial}, {0, 1}, name)
    end
  end
  local b = dataset.folder(place):batches(with())
  collect(b, 1)
  lu.assertEquals({#b.rejected, #b.partial}, {1, 0})
end

function TestBatches:test_one_channel()
  local wave = audio.load(write_wav("a/1.wav", 0.5, 300))
  audio.save(place .. "/a/1.wav", wave:with {data = torch.cat {wave.data, wave.data * 0.25}})
  local function first(given)
    local b = dataset.folder(place):batches(with(given))
    return collect(b, 1)[1].x, b
  end
  local plain = {normalize = false, decibel = false, workers = 1, segment = 0.4}
  local function channel(word)
    plain.channel = word
    return first(plain)
  end
  local left, b = channel "left"
  lu.assertAlmostEquals((channel "right" * 16 - left):abs():max():item() / left:max():item(), 0, 1e-3)
  lu.assertAlmostEquals((channel(nil) * (16 / 6.25) - channel(0) * (16 / 16)):abs():max():item() / left:max():item(), 0,
    1e-3)
  lu.assertEquals(b:options().channel, "left")
end

function TestBatches:test_leaving_a_loop_stops_it()
  local b = train_part():batches(with {per_track = 200})
  for k = 1, 10 do
    for batch in b:epoch(k) do
      lu.assertNotNil(batch.x)
      break
    end
  end
  local fetch = b:epoch(1) -- never closed: the collector stops it
  fetch()
  fetch = nil
  collectgarbage()
end

function TestBatches:test_a_file_that_goes_away_is_named()
  local songs = make_songs()
  local b = songs:batches(with {memory = 0})
  b:statistics()
  files.remove(songs[3].path)
  lu.assertErrorMsgContains("high/3.wav", collect, b, 1)
end

function TestBatches:test_options_make_the_same_input_again()
  local train = train_part()
  local b = train:batches(with {features = {mel = {n_mels = 32}, rms = {}}, decibel = {top_db = 60},
    shuffle = false, crop = false})
  local given = json.decode(json.encode(b:options()))
  given.shuffle, given.crop, given.progress = false, false, false
  local again = train:batches(given):normalize_by(b:statistics())
  lu.assertTrue(same(collect(b, 1), collect(again, 1)))
  local recipe = feature.recipe {features = {"rms"}, rate = 16000, duration = 0.3}
  local options = train:batches({recipe = recipe, progress = false}):options()
  lu.assertEquals(options.recipe, {rate = 16000, duration = 0.3, features = {rms = {}}})
  lu.assertEquals(train:batches(options).recipe.text, recipe.text)
end

-- what every kind of batches keeps --------------------------------------------------------

function TestBatches:test_every_kind_keeps_the_contract()
  local train = train_part()
  local kinds = {
    songs = train:batches(with {segment = 0.2, batch_size = 3}),
    pooled = train:batches {feature = "mfcc", pool = {"mean", "std"}, batch_size = 3, progress = false},
    tensors = require "moonlark.train".tensors {x = torch.randn {7, 4, 5}, y = torch.tensor {0, 1, 0, 1, 0, 1, 0},
      classes = {"a", "b"}, batch_size = 3, normalize = true},
  }
  for name, b in pairs(kinds) do
    lu.assertNil(contract.lacks(b), name)
    lu.assertTrue(rawequal(contract.check_batches(b), b))
    lu.assertTrue(rawequal(b:prepare(), b) and rawequal(b:set_seed(3), b) and rawequal(b:to "cpu", b))
    lu.assertTrue(rawequal(b:normalize_by(b:statistics()), b))
    lu.assertEquals({b.settings.batch_size, b.settings.seed, b.settings.drop_last}, {3, 3, false})
    lu.assertEquals({#b.classes, #b.dataset.classes, #b.rejected, #b.partial}, {2, 2, 0, 0})
    lu.assertEquals(b:options().normalize, true)
    lu.assertEquals(b:statistics().mean:numel(), b.rows)
    local n, batches = 0, 0
    for batch in b:epoch(1) do
      batches, n = batches + 1, n + #batch.tracks
      lu.assertEquals({batch.x:size(0), batch.x:size(1)}, {#batch.tracks, b.rows}, name)
      lu.assertEquals({batch.x:dim() > 2 and batch.x:size(2) or nil}, {b.frames}, name)
      lu.assertEquals({batch.y:size(0), #batch.paths}, {#batch.tracks, #batch.tracks})
      for i, track in ipairs(batch.tracks) do lu.assertEquals(batch.paths[i], b.dataset.tracks[track].path) end
    end
    lu.assertEquals({n, batches, #b}, {b:items(), b:count(), b:items()}, name)
  end
  local fields = {dataset = {}, rows = 1, rejected = {}, partial = {}, settings = {}}
  lu.assertErrorMsgContains("got table without prepare", contract.check_batches, fields)
  lu.assertErrorMsgContains("train.tensors make, got 3", contract.check_batches, 3)
end

-- augmentation ------------------------------------------------------------------------

function TestAugment:test_ranges()
  local function range(made) return {made.low, made.high} end
  lu.assertEquals(range(augment.noise {}), {10, 30})
  lu.assertEquals(range(augment.noise {snr_db = 20}), {20, 20})
  lu.assertEquals(range(augment.gain {}), {-6, 6})
  lu.assertEquals(range(augment.gain {db = {-3, 0}}), {-3, 0})
  lu.assertEquals(range(augment.shift {seconds = 0.1}), {-0.1, 0.1})
  lu.assertEquals(range(augment.pitch_shift {semitones = 3}), {-3, 3})
  lu.assertEquals(range(augment.time_mask {width = 20}), {0, 20})
  lu.assertEquals(range(augment.frequency_mask {fraction = {0.1, 0.2}}), {0.1, 0.2})
  lu.assertEquals({augment.polarity().p, augment.polarity({p = 1}).p, augment.gain().p}, {0.5, 1, 1})
  lu.assertEquals({#augment.spec_augment(), augment.spec_augment({time = 30})[2].high}, {2, 30})
end

function TestAugment:test_mistakes()
  local function refuses(message, f, given) lu.assertErrorMsgContains(message, f, given) end
  refuses("did you mean 'snr_db'", augment.noise, {snr_d = 3})
  refuses("snr_db must be a number or {low, high}", augment.noise, {snr_db = {30, 10}})
  refuses("snr_db must be a number or {low, high}", augment.noise, {snr_db = "loud"})
  refuses("p must be a number 0..1, got 2", augment.gain, {p = 2})
  refuses('on must be "sound" or "features"', augment.gain, {on = "mel"})
  refuses("unknown option of augment.noise: 'on'", augment.noise, {on = "features"})
  refuses("one of fraction and seconds", augment.shift, {fraction = 1, seconds = 1})
  refuses("one of width and fraction", augment.time_mask, {fraction = 1, width = 1})
  refuses("width must be a whole number or {low, high} of them", augment.time_mask, {width = 0.5})
  refuses("count must be a whole number 1..32, got 0", augment.time_mask, {count = 0})
  refuses("bands must be a whole number 1..32", augment.equalizer, {bands = 99})
  refuses("alpha must be", augment.mixup, {alpha = 0})
  refuses("rate must be", augment.time_stretch, {rate = 0})
  refuses("augment[2] must be what a function of moonlark.augment made", augment.ordered,
    {augment.gain(), {kind = "gai"}})
  refuses("augment[1] must be", augment.ordered, {"noise"})
  refuses("goes with no augmentation of sounds (noise)", augment.ordered,
    {augment.time_stretch {on = "features"}, augment.noise()})
  refuses("one mixup, got 2", augment.ordered, {augment.mixup(), augment.mixup {on = "features"}})
end

function TestAugment:test_order()
  local kinds = {}
  for i, each in ipairs(augment.ordered {augment.spec_augment(), augment.mixup(), augment.gain {on = "features"},
    augment.noise(), augment.gain()}) do kinds[i] = each.kind end
  lu.assertEquals(kinds, {"noise", "gain", "mixup", "frequency_mask", "time_mask", "gain"})
end

local everything = {
  augment.noise {p = 0.5}, augment.gain {}, augment.polarity {}, augment.shift {p = 0.5}, augment.equalizer {p = 0.5},
  augment.time_stretch {p = 0.5}, augment.pitch_shift {p = 0.3}, augment.mixup {p = 0.5},
  augment.spec_augment {time = 6},
  augment.frequency_shift {}, augment.gain {on = "features"},
}

function TestAugment:test_workers_change_nothing()
  local train = train_part()
  local a = train:batches(with {augment = everything, workers = 1})
  local b = train:batches(with {augment = everything, workers = 6, memory = 0})
  lu.assertTrue(same(collect(a, 2), collect(b, 2)))
  lu.assertFalse(same(collect(a, 2), collect(a, 3)))
  for _, batch in ipairs(collect(a, 2)) do
    lu.assertEquals(batch.y:dtype(), "float32")
    lu.assertTrue((batch.y:sum(1) - 1):abs():max():item() < 1e-6)
    lu.assertEquals(batch.x:isfinite():all():item(), true)
    lu.assertEquals(batch.x:shape(), {#batch.tracks, 128, 18})
  end
end

function TestAugment:test_both_ways_give_the_same_shape_and_statistics()
  local train = train_part()
  local plain, sound = train:batches(with()), train:batches(with {augment = {augment.polarity {p = 0}}})
  lu.assertTrue((plain:statistics().mean - sound:statistics().mean):abs():max():item() < 1e-4)
  lu.assertEquals({plain.frames, #plain}, {sound.frames, #sound})
  lu.assertEquals(collect(plain, 1)[1].x:shape(), collect(sound, 1)[1].x:shape())
end

function TestAugment:test_gain_of_features_is_gain_of_the_sound()
  local train = train_part()
  local function first(list)
    return collect(train:batches(with {crop = false, shuffle = false, normalize = false, augment = list}), 1)[1].x
  end
  local plain = first {augment.polarity {p = 0}}
  local loud = first {augment.gain {db = {6, 6}}}
  local lifted = first {augment.polarity {p = 0}, augment.gain {db = {6, 6}, on = "features"}}
  local heard = plain:gt(-60) -- the rest is rounding noise and the floor
  lu.assertTrue((lifted - plain - 6):abs():max():item() < 1e-4)
  lu.assertTrue((loud - lifted):abs():masked_select(heard):max():item() < 1e-2)
end

function TestAugment:test_stretched_features()
  local train = train_part()
  local function first(rate)
    return collect(train:batches(with {crop = false, shuffle = false, normalize = false, segment = 0.3, hop = 9,
      augment = rate and {augment.time_stretch {rate = rate, on = "features"}}}), 1)[1].x:select(0, 0)
  end
  local plain, fast, slow = first(), first(2), first(0.5)
  local n = plain:size(1)
  for i = 0, n // 2 - 1 do
    lu.assertTrue(fast:select(1, i):equal(plain:select(1, 2 * i)))
    lu.assertTrue(slow:select(1, 2 * i):equal(plain:select(1, i)))
    local middle = (plain:select(1, i) + plain:select(1, i + 1)) / 2
    lu.assertTrue((slow:select(1, 2 * i + 1) - middle):abs():max():item() < 1e-4)
  end
  for _, crop in ipairs {true, false} do
    for _, segment in ipairs {0.4, 3} do -- shorter and longer than the tracks
      local b = train:batches(with {segment = segment, crop = crop, shuffle = false, cache = nil,
        augment = {augment.time_stretch {rate = {0.3, 4}, on = "features"}, augment.mixup {on = "features"}}})
      for batch in b:epoch(1) do
        for i, length in ipairs(batch.lengths) do lu.assertTrue(length >= 1 and length <= b.frames) end
      end
    end
  end
end

function TestAugment:test_masks_are_the_mean()
  local train = train_part()
  local b = train:batches(with {augment = {augment.time_mask {width = {18, 18}}}})
  for batch in b:epoch(1) do lu.assertEquals(batch.x:abs():max():item(), 0) end
end

function TestAugment:test_unlabelled_mixup_has_no_y()
  local paths = {}
  for i = 1, 4 do paths[i] = write_wav(i .. ".wav", 0.5, 100 * i) end
  local batch = collect(dataset.files(paths):batches(with {augment = {augment.mixup {on = "features"}}}), 1)[1]
  lu.assertNil(batch.y)
end

-- mistakes -------------------------------------------------------------------------------

function TestMistakes:test_options()
  write_wav("a/1.wav", 0.5, 440)
  local songs = dataset.folder(place)
  local function refuses(message, given) lu.assertErrorMsgContains(message, songs.batches, songs, given) end
  refuses("did you mean 'segment'", {feature = "mel", segmnt = 3})
  refuses("batches need a feature", {})
  refuses("take one of feature", {feature = "mel", features = {"mfcc"}})
  refuses("did you mean 'mel'", {feature = "mell"})
  refuses("feature must be a string, got table", {feature = {"mel"}})
  refuses('not "native"', {feature = "mel", rate = "native"})
  refuses("segment must be a number above 0 and at most 1000000000, got 0", {feature = "mel", segment = 0})
  refuses("segment must be a number above 0 and at most 1000000000, got -1", {feature = "mel", segment = -1})
  refuses("long enough for one frame of spectrogram",
    {features = {spectrogram = {center = false}}, segment = 0.05})
  refuses("hop must be a number above 0", {feature = "mel", segment = 1, hop = 0})
  refuses("hop goes with segment", {feature = "mel", hop = 1})
  refuses("crop goes with segment", {feature = "mel", crop = true})
  refuses("per_track goes with crop", {feature = "mel", segment = 1, per_track = 3})
  refuses("batch_size must be a whole number 1 or more, got 0", {feature = "mel", batch_size = 0})
  refuses("batch_size must be a whole number 1 or more, got 2.5", {feature = "mel", batch_size = 2.5})
  refuses("workers must be a whole number 0..256, got -1", {feature = "mel", workers = -1})
  refuses("shuffle must be true or false", {feature = "mel", shuffle = 1})
  refuses("cache must be true or a string, got 7", {feature = "mel", cache = 7})
  refuses("amin must be a number above 0, got 0", {feature = "mel", decibel = {amin = 0}})
  refuses("did you mean 'top_db'", {feature = "mel", decibel = {topdb = 3}})
  refuses("device must be a string", {feature = "mel", device = 0})
  refuses("nowhere", {feature = "mel", device = "nowhere"})
  refuses("augment must be a list", {feature = "mel", augment = "noise"})
  refuses("mel has 43.0664 frames a second, rms 86.1328",
    {features = {mel = {}, rms = {hop_length = 256}}})
end

function TestMistakes:test_none_can_be_read()
  files.mkdirs(place .. "/a")
  files.write(place .. "/a/1.wav", "no")
  local b = dataset.folder(place):batches(with())
  lu.assertErrorMsgContains("/a/1.wav: ", b.epoch, b, 1)
  lu.assertErrorMsgContains("epoch must be a whole number 1 or more, got 0", b.epoch, b, 0)
end

lib.run()
