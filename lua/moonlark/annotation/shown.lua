--- What is shown of an annotation: its first items, as lines or as a table.
local html = require "moonlark.base.html"
local show = require "moonlark.base.show"

local shown = {}

local function what_of(item)
  return tostring(item.label or item.position or item.pitch or item.value or "")
end

local function words_of(item)
  local parts = {("%9.3f"):format(item.start)}
  if item.stop then parts[2] = ("%9.3f"):format(item.stop) end
  local what = show.name(what_of(item))
  if what ~= "" then parts[#parts + 1] = what end
  return table.concat(parts, "  ")
end

local most_shown = 12

-- What it is in a line; a key by its name.
local function summary(self)
  if self.kind == "key" and self.tonic then return show.name(("%s %s"):format(self.tonic, self.mode)) end
  local words = {("%d %s"):format(#self, show.name(self.kind))}
  if self.duration then words[#words + 1] = ("%.3f s"):format(self.duration) end
  if self.kind == "beats" and (self.tempo or 0) > 0 then words[#words + 1] = ("%.1f BPM"):format(self.tempo) end
  if self.kind == "beats" and self.meter then words[#words + 1] = ("%d in a bar"):format(self.meter) end
  return table.concat(words, "  ")
end

-- Whether the first line says all: a key that does not change.
local function is_said(self) return self.kind == "key" and self.tonic and #self <= 1 end

--- An annotation as the prompt prints it.
---@param self moonlark.Annotation
---@return string
function shown.text(self)
  local lines = {summary(self)}
  if is_said(self) then return lines[1] end
  for i = 1, math.min(#self, most_shown) do lines[#lines + 1] = words_of(self[i]) end
  if #self > most_shown then lines[#lines + 1] = ("      …  %d more"):format(#self - most_shown) end
  return table.concat(lines, "\n")
end

--- The same as a table of a page.
---@param self moonlark.Annotation
---@return string
function shown.html(self)
  local rows, timed = {}, false
  if is_said(self) then return html.lines(summary(self)) end
  for i = 1, math.min(#self, most_shown) do
    local item = self[i]
    timed = timed or item.stop ~= nil
    rows[i] = {("%.3f"):format(item.start), item.stop and ("%.3f"):format(item.stop) or "", what_of(item)}
  end
  if #self > most_shown then rows[#rows + 1] = {"…", "", ("%d more"):format(#self - most_shown)} end
  if not timed then for _, cells in ipairs(rows) do table.remove(cells, 2) end end
  local headings = timed and {"start (s)", "end (s)", ""} or {"time (s)", ""}
  return html.lines(summary(self)) .. html.table(headings, rows)
end

return shown
