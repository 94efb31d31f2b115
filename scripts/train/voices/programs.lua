--- Programs: voices of espeak-ng, flite and festival (Debian packages), which read and sing what they are given.
local audio = require "moonlark.audio"
local files = require "moonlark.base.files"
local lines = require "scripts.train.voices.lines"
local show = require "moonlark.base.show"

local programs = {}

-- Voices that are kept apart for tests; a test asks those, training the others.
local held_out = {slt = true, lp_diphone = true, czech_ph = true, suo_fi_lj_diphone = true, cmu_us_slt_arctic_hts = true,
  it = true, nl = true, pt = true, f3 = true, m4 = true}

local function kept(names, test)
  local list = {}
  for _, name in ipairs(names) do if (held_out[name] or false) == test then list[#list + 1] = name end end
  return list
end

local function run(line) return (os.execute(line .. " >/dev/null 2>&1")) end

-- What f gives; some voices fail at some texts, and then another one is drawn.
local function drawn(f)
  for _ = 1, 20 do
    local sound = f()
    if sound then return sound end
  end
  show.fail "espeak-ng, flite and festival did not speak: are they installed, with festival's voices?"
end

-- What a command wrote; nil where it failed.
local function heard(line, path) return run(line) and audio.load(path, {rate = 22050}).data[0] or nil end

-- espeak-ng: formants by rule, in many languages and many throats.
local languages = {"en-us", "en-gb", "de", "fr-fr", "es", "es-419", "it", "pt", "pt-br", "nl", "pl", "cs", "sv", "da", "nb",
  "fi", "hu", "tr", "ro", "id", "sw", "hr", "et", "lv", "sk", "vi", "eo", "la"}
local throats = {"m1", "m2", "m3", "m4", "m5", "m6", "m7", "f1", "f2", "f3", "f4", "f5", "klatt2", "klatt4", "croak"}

local function espeak(dice, test, work)
  local text, sound = files.join(work, "text"), files.join(work, "sound.wav")
  files.write(text, lines.text(dice, 60))
  return heard(("espeak-ng -v %s+%s -s %d -p %d -f %s -w %s"):format(dice:pick(kept(languages, test)),
    dice:pick(kept(throats, test)), dice:integer(120, 210), dice:integer(20, 80), text, sound), sound)
end

local function flite(dice, test, work)
  local text, sound = files.join(work, "text"), files.join(work, "sound.wav")
  files.write(text, lines.text(dice, 45))
  local voice = dice:pick(kept({"kal16", "awb", "rms", "slt"}, test))
  return heard(("flite -voice %s --setf duration_stretch=%.2f --setf int_f0_target_mean=%d -f %s -o %s"):format(voice,
    dice:uniform(0.8, 1.25), dice:integer(90, 200), text, sound), sound)
end

-- festival: diphones of people, and models of people.
local readers = {"kal_diphone", "ked_diphone", "cmu_us_slt_arctic_hts", "lp_diphone", "pc_diphone", "czech_dita", "czech_krb",
  "czech_machac", "czech_ph", "suo_fi_lj_diphone", "hy_fi_mv_diphone"}

local function festival(dice, test, work)
  local script, sound = files.join(work, "script.scm"), files.join(work, "sound.wav")
  files.write(script, ("(voice_%s)\n(utt.save.wave (utt.synth (Utterance Text \"%s\")) \"%s\" 'riff)\n"):format(
    dice:pick(kept(readers, test)), lines.text(dice, 40):gsub("%.", ","), sound))
  return heard("festival -b " .. script, sound)
end

-- Singers of festival, the note in the middle of what suits each, and how they call what lines call otherwise.
local american = {a = "aa", e = "eh", i = "iy", o = "ow", u = "uw", j = "y", ["#"] = "pau"}
local singers = {kal_diphone = {50, american}, ked_diphone = {50, american}, lp_diphone = {60}, pc_diphone = {50}, czech_dita = {60},
  czech_krb = {63}, czech_machac = {50}, czech_ph = {50}, suo_fi_lj_diphone = {60}, hy_fi_mv_diphone = {50}}

-- What festival is told: (segment seconds (place hz) …) of each sound.
local function segments(line, names)
  local list = {}
  for i, sound in ipairs(line) do
    local targets = {}
    for k, target in ipairs(sound.pitch or {}) do targets[k] = ("(%.3f %.1f)"):format(target[1], target[2]) end
    list[i] = ("(%s %.3f %s)"):format(names[sound.phone] or sound.phone, sound.seconds, table.concat(targets, " "))
  end
  return table.concat(list, "\n")
end

local function sung(dice, test, work, seconds)
  local names = {}
  for _, name in ipairs(readers) do if singers[name] then names[#names + 1] = name end end
  local name = dice:pick(kept(names, test))
  local script, sound = files.join(work, "script.scm"), files.join(work, "sound.wav")
  local line = lines.sung(dice, seconds, singers[name][1] + dice:integer(0, 14))
  files.write(script, ("(voice_%s)\n(utt.save.wave (utt.synth (Utterance Segments (%s))) \"%s\" 'riff)\n"):format(name,
    segments(line, singers[name][2] or {}), sound))
  return heard("festival -b " .. script, sound)
end

--- Something sung by a voice of festival's, none of which was made to sing: diphones as long and as high as notes are.
--- Samples at 22 050 Hz. With `test`, voices that training does not hear; `work` is a folder for what lasts a moment.
---     local samples = programs.sing(dice, false, work, 20)
function programs.sing(dice, test, work, seconds)
  return drawn(function() return sung(dice, test, work, seconds) end)
end

--- Something read by one of the programs' voices, as programs.sing gives it.
---     local samples = programs.read(dice, false, work)
function programs.read(dice, test, work)
  return drawn(function() return dice:pick {espeak, espeak, flite, festival, festival} (dice, test, work) end)
end

return programs
