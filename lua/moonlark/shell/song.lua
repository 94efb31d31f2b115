--- One song that a model from elsewhere is asked about: the arguments of commands such as track and attention.
local command = require "moonlark.shell.command"
local options = require "moonlark.base.options"
local show = require "moonlark.base.show"

local song = {}

--- Adds MODEL, SONG and how both are opened to a parser.
function song.arguments(parser)
  require "moonlark.pretrained" -- describes the options
  parser:argument("model", "A folder or file of weights, a name of moonlark models, or org/name on a hub.")
  parser:argument("song", "A sound file.")
  command.options(parser, options.described "pretrained.open", {"device", "offline"})
  command.options(parser, options.described "feature.recipe", {"start", "duration"})
  command.reading(parser)
end

--- The model, and the song at the model's rate; says what was done to the sound. Errors: they cannot be opened; the song
--- is too short for the model.
---@param args table  what the parser read
---@return moonlark.Pretrained
---@return moonlark.Signal
function song.open(args)
  local model = require "moonlark.pretrained".open(args.model, {device = args.device, offline = args.offline})
  local rate, least = model.front.rate, model.front.least or 1
  local loaded = require "moonlark.audio".load(args.song, {rate = rate, start = args.start, duration = args.duration,
    channel = args.channel, partial = args.partial})
  if loaded:frames() == 0 then show.fail("%s ends before --start %g", args.song, args.start or 0) end
  if loaded:frames() < least then
    show.fail("%s: %s needs %.3g s of sound at least, this is %.3g s", args.song, args.model, least / rate,
      loaded:duration())
  end
  local said = require "moonlark.pretrained.hearing".words_of_file(model, args.song)
  if said then io.stderr:write(said, "\n") end
  return model, loaded
end

return song
