--- gnuplot as a process: quoting for its language, and running a script on a sidecar of numbers.
---
--- A script names no path of the user's: it runs in a private folder, reads `data.bin` and writes `picture`. Every text
--- in it has gone through `gnuplot.quote`, so that no title, label or class name can end its string and become a
--- command.
local core = require "moonlark_core"
local files = require "moonlark.base.files"
local finally = require "moonlark.base.finally"
local show = require "moonlark.base.show"
local text = require "moonlark.plot.text"
local warning = require "moonlark.base.warning"

local gnuplot = {}

--- Seconds after which gnuplot is stopped: a picture takes a fraction of one.
gnuplot.time_limit = 60

--- The name of the sidecar in scripts.
gnuplot.sidecar = "data.bin"

--- What is said where there is no gnuplot.
gnuplot.missing = "plots need gnuplot, which is not installed or not in PATH: apt-get install gnuplot-nox"

--- A text in single quotes, where gnuplot expands nothing: the one way for text to enter a script. Quotes inside are
--- doubled; control characters, which could end the line, are gone. gnuplot 5.4 misreads a doubled quote where the
--- string begins and next to another quote: there it becomes U+2019.
function gnuplot.quote(value)
  local safe = text.clean(value):gsub("()('+)", function(at, quotes)
    return (at == 1 or #quotes > 1) and ("\u{2019}"):rep(#quotes) or "''"
  end)
  return "'" .. safe .. "'"
end

--- The same for the label of a tick, which gnuplot takes as a format: percent signs are doubled.
function gnuplot.quote_tick(value) return (gnuplot.quote(value):gsub("%%", "%%%%")) end

--- A number in gnuplot's language, whatever the locale.
function gnuplot.number(value)
  if value ~= value or value == math.huge or value == -math.huge then
    show.fail("a picture cannot place the number %s", value)
  end
  return (("%.9g"):format(value):gsub(",", "."))
end

-- What gnuplot complained of: the line that says why, else the first, which repeats the command. Complaints of the font
-- library (no cache folder in a container) say nothing about the picture.
local function complaint(err)
  local first
  for line in err:gmatch "[^\n]*%S[^\n]*" do
    if not line:find "^%s*Fontconfig" then
      local why = line:match '^".-", line %d+: (.*)' or line:match "^line %d+: (.*)"
      if why then return why end
      first = first or line:match "^%s*(.-)%s*$"
    end
  end
  return first
end

local warned = {}

-- Raises an error when gnuplot failed or there is no picture (`drawn`). A warning is said once.
local function check(result, drawn)
  if result.timed_out then
    show.fail("gnuplot did not finish within %g s and was stopped", gnuplot.time_limit)
  end
  local why = complaint(result.err)
  if result.code ~= 0 then
    local how = result.code < 0 and "signal " .. result.signal or "exit code " .. result.code
    show.fail("gnuplot could not draw the picture: %s", why or how)
  end
  if not drawn then error("gnuplot wrote no picture" .. (why and ": " .. why or ""), 0) end
  if not why or warned[why] then return end
  warned[why] = true
  io.stderr:write(show.format("moonlark: gnuplot says: %s\n", why))
end

local function write(path, bytes)
  local file = assert(io.open(path, "wb"))
  local ok, why = file:write(bytes)
  local closed, later = file:close()
  if not (ok and closed) then show.fail("cannot write %s: %s", path, why or later) end
end

-- Runs gnuplot on a script and its sidecar in a private folder, which is removed afterwards. `finish` sees the result
-- and the folder before that.
local function run(script, data, finish, ...)
  local folder = files.temporary_folder()
  local _ <close> = finally(function() files.remove(folder) end)
  write(folder .. "/script.gp", script)
  write(folder .. "/" .. gnuplot.sidecar, data)
  local argv = {"gnuplot", "-d", ...} -- -d: not the user's own start-up file
  argv[#argv + 1] = "script.gp"
  return finish(core.process.run(argv, gnuplot.time_limit, folder) or error(gnuplot.missing, 0), folder)
end

-- The rarer characters that some installed font has. The font library draws the others as huge boxes.
local drawn = {}

local function has_glyph(code)
  if code < 0x250 then return true end
  if drawn[code] == nil then
    local result = core.process.run({"fc-list", (":charset=%x"):format(code), "family"}, 10)
    drawn[code] = not result or result.code ~= 0 or result.out ~= ""
  end
  return drawn[code]
end

--- The script with characters that no font has replaced by a visible mark; a warning names them.
function gnuplot.drawable(script)
  local missing, mark = {}, has_glyph(0xFFFD) and "\u{FFFD}" or "?"
  local safe = script:gsub("[\xC2-\xF4][\x80-\xBF]+", function(character)
    if has_glyph(utf8.codepoint(character)) then return nil end
    if not missing[character] then missing[#missing + 1], missing[character] = character, true end
    return mark
  end)
  if #missing > 0 then
    warning.say("missing-glyphs", ("no font here has %s%s: pictures show %s (fonts-noto-cjk has Chinese, Japanese and "
      .. "Korean)"):format(table.concat(missing, " ", 1, math.min(#missing, 8)), #missing > 8 and " …" or "", mark))
  end
  return safe
end

--- Runs a script that writes the file `picture`, and gives its bytes.
---@param script string
---@param data string  the sidecar's bytes
---@return string
function gnuplot.render(script, data)
  return run("set output 'picture'\n" .. script .. "set output\n", data, function(result, folder)
    local picture = folder .. "/picture"
    local bytes = files.exists(picture) and files.read(picture) or ""
    check(result, bytes ~= "")
    return bytes
  end)
end

--- Runs a script that shows its picture in a window, which stays when gnuplot has ended.
function gnuplot.window(script, data)
  run(script, data, function(result) check(result, true) end, "--persist")
end

local terminals

--- The names of the terminals that the installed gnuplot has, as a set; nil and why without gnuplot.
---@return table<string, boolean>?
---@return string?
function gnuplot.terminals()
  if not terminals then
    local result = core.process.run({"gnuplot", "-d", "-e", "print GPVAL_TERMINALS"}, 10)
    if not result then return nil, gnuplot.missing end
    terminals = {}
    for name in (result.err .. result.out):gmatch "%w+" do terminals[name] = true end
  end
  return terminals
end

return gnuplot
