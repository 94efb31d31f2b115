--- Scores beats, chords, keys … beside the truth, of a song or of folders, as mir_eval does.
local comparison = require "moonlark.metrics.comparison"
local command = require "moonlark.shell.command"
local csv = require "moonlark.base.csv"
local json = require "moonlark.base.json"
local judging = require "moonlark.shell.judging"
local scoring = require "moonlark.shell.scoring"
local show = require "moonlark.base.show"

local parser = command.parser("score", "Scores beats, chords, keys … beside the truth, of a song or of folders, as mir_eval does.")
parser:epilog [[
  moonlark score beats truth.jams song.beats           all figures of a song
  moonlark score chords truth made                     two folders, whose files have the same names: a line a song, the mean
  moonlark score key truth made --csv keys.csv         --json
  moonlark score separation truth made                 folders of sounds, one a source, or folders of such folders

Files: .jams .lab .beats .csv .txt .TextGrid .rttm .mid; of melodies .csv .txt .f0 with a time and a frequency a line. Files without a partner, and those that cannot be read, are named on
standard error; then the exit code is 3, and 1 when nothing could be scored.]]
parser:argument("task", table.concat(judging.tasks, ", ") .. "."):choices(judging.tasks)
parser:argument("reference", "The truth: a file or a folder.")
parser:argument("estimate", "What was estimated: a file or a folder.")
command.json(parser)
parser:option("--csv", "Write a table with a line for each song here."):argname "<file.csv>"
local args = parser:parse()

local list, rejected = scoring.pair(args.reference, args.estimate, judging.endings(args.task))
local scored, figures = {}, {}
for _, pair in ipairs(list) do
  local fine, made = pcall(judging.score, args.task, pair.reference, pair.estimate)
  if fine then
    scored[#scored + 1], figures[#figures + 1] = pair, made
  elseif #list == 1 then
    error(made, 0)
  else
    rejected[#rejected + 1] = {path = pair.estimate, reason = made}
  end
end

local names = figures[1] and comparison.order(figures[1]) or {}
local means = scoring.means(figures)

local function number(x) return x == x and ("%.4f"):format(x) or "-" end

-- A line for each song with the task's first figure; below the means of all.
local function print_songs()
  for i, pair in ipairs(scored) do print(("%s\t%s"):format(number(figures[i][names[1]]), show.name(pair.name))) end
  print(("\n%d songs, mean and its 95 %% interval:"):format(#scored))
  for _, name in ipairs(names) do
    print(("%-32s %s ± %s"):format(name, number(means[name].mean), number(means[name].interval)))
  end
end

if args.csv then
  local rows = {}
  for i, pair in ipairs(scored) do
    rows[i] = {song = pair.name}
    for _, name in ipairs(names) do rows[i][name] = figures[i][name] end
  end
  csv.write(args.csv, {"song", table.unpack(names)}, rows)
end
if args.json then
  local songs = json.array {}
  for i, pair in ipairs(scored) do songs[i] = {song = pair.name, figures = figures[i]} end
  print(json.encode({task = args.task, songs = songs, means = means}, "  "))
elseif not args.csv and #scored > 0 then
  if #list == 1 and #rejected == 0 then print(figures[1]) else print_songs() end
end
command.name_files("rejected", rejected)
if #rejected > 0 or #scored == 0 then os.exit(#scored > 0 and 3 or 1, true) end
