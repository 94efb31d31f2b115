--- Listens to a device, a pipe, a stream or a file while it goes on: level, spectrum, beat, key, predictions.
local command = require "moonlark.shell.command"
local core = require "moonlark_core"
local finally = require "moonlark.base.finally"
local live = require "moonlark.live"
local model = require "moonlark.model"
local options = require "moonlark.base.options"

local parser = command.parser("listen", "Listens to a device, a pipe, a stream or a file while it goes on: level, "
  .. "spectrum, beat, key, predictions.")
parser:epilog [[
  moonlark listen                                     the device that ALSA calls "default"
  moonlark listen --model runs/genres pipewire        another device, and what a model hears
  moonlark listen http://radio.example/stream.mp3     radio; it is asked again when it breaks off
  ffmpeg -i any -f s16le -ar 44100 -ac 2 - | moonlark listen -
  moonlark listen song.mp3 --json --fast              a file, not at its own speed: a line of JSON for each event

In a terminal one picture is drawn again and again, elsewhere there is a line for each event. Ctrl-C ends it (exit code
130). Devices need ALSA's library (apt-get install libasound2), streams FFmpeg's.]]
parser:argument("source", "A device, - for a pipe of samples, an address (http, https) or a file.", "default")
command.option(parser, "model", options.described "live.session".by_name.model)
command.models(parser)
command.options(parser, options.described "live.source", {"rate", "channels", "format", "retries", "fast"})
command.options(parser, options.described "live.session", {"events", "every", "window", "device", "offline"})
command.option(parser, "top", options.integer(3, {least = 1, most = 20}, "how many classes of a prediction to name"))
command.option(parser, "seconds", options.number(options.none, {above = 0, usual = "to the end", unit = "s"},
  "how much to hear"))
parser:flag("--json", "Print each event as a line of JSON.")
local args = parser:parse()

local opened = args.model and model.open(args.model, {device = args.device, offline = args.offline}) or nil
local source <close> = live.source(args.source, {rate = args.rate, channels = args.channels, format = args.format,
  retries = args.retries, fast = args.fast})
local session = live.session {rate = source.rate, channels = source.channels, format = source.format, model = opened,
  events = args.events, every = args.every, window = args.window}

-- What shows the events: {take, draw, close}.
local function shower()
  if args.json then
    local function take(_, event)
      io.stdout:write(live.text(event), "\n")
      io.stdout:flush()
    end
    return {take = take, draw = function() end, close = function() end}
  end
  if not core.terminal.size() then return require "moonlark.shell.listen.lines"(args.top) end
  local kinds = {}
  for _, kind in ipairs(session.events) do kinds[kind] = true end
  return require "moonlark.shell.listen.screen"(source, kinds, args.top)
end

local shown = shower()
local on_screen = shown.state ~= nil
local _ <close> = finally(function() shown:close() end)

-- What is to be said of the source: on the screen, or on standard error.
local function say(note)
  if on_screen then
    shown.note = note
    shown:draw(true)
  else
    io.stderr:write("moonlark listen: ", note, "\n")
  end
end
source.say = say

local function take(events)
  for _, event in ipairs(events) do shown:take(event) end
  shown:draw()
end

for sound in source.read, source do
  if source.note then
    say(source.note)
    source.note = nil
  end
  take(session:push(sound))
  if args.seconds and session.heard >= args.seconds then break end
end
take(session:finish())
