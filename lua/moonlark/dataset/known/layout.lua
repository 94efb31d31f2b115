--- What readers of published collections share: where things lie, and which of the files that a list names are there.
local class = require "moonlark.dataset.class"
local files = require "moonlark.base.files"
local lfs = require "lfs"
local show = require "moonlark.base.show"

local layout = {}

--- The first of some names that a folder holds as files (or folders), as a path; nil: none.
---@param folder string
---@param names string[]
---@param kind "file"|"directory"
---@return string?
function layout.first(folder, names, kind)
  for _, name in ipairs(names) do
    local path = name == "." and folder or files.join(folder, name)
    if files.kind(path) == kind then return path end
  end
end

-- As much of a file as a first line may take: a sound may hold no line break at all, and an hour of it.
local most = 65536

--- The first line of a file, without its line break; "" where there is none. It is cut after 64 KiB.
---@param path string
---@return string
function layout.first_line(path)
  local file <close> = files.kind(path) == "file" and io.open(path, "rb") or nil
  local line = (file and file:read(most) or ""):match "^[^\n]*"
  return (line:gsub("\r$", ""):gsub("^\239\187\191", ""))
end

--- A list that a path names itself or, being a folder, holds under one of some names; nil where there is none, or its
--- first line does not fit.
---@param path string
---@param names string[]
---@param header string  a pattern
---@return string?
function layout.list(path, names, header)
  local list = files.kind(path) == "file" and path or layout.first(path, names, "file")
  return list and layout.first_line(list):find(header) and list or nil
end

--- The folder above a list: of LIST, of meta/LIST, or of metadata/LIST.
---@param list string
---@param below string[]  names of the folder that the list may lie in
---@return string
function layout.root(list, below)
  local folder = files.split(list)
  local parent, name = files.split(folder)
  for _, known in ipairs(below) do
    if name == known then return parent end
  end
  return folder
end

-- Why a file cannot be used; nil: it can.
local function fault(path)
  local size = lfs.attributes(path, "size")
  return not size and "there is no such file" or size == 0 and "the file is empty" or nil
end

--- A dataset of those tracks whose files are there; others, and empty files, are named in `rejected`. Errors: none is.
---@param title string  the collection's
---@param tracks moonlark.Track[]
---@param more table?  further fields: task …
---@return moonlark.Dataset
function layout.make(title, tracks, more)
  local kept, rejected = {}, {}
  for _, track in ipairs(tracks) do
    local reason = fault(track.path)
    if reason then
      rejected[#rejected + 1] = {path = track.path, reason = reason}
    else
      kept[#kept + 1] = track
    end
  end
  if #kept == 0 then
    show.fail("%s: none of the %d files that the list names is there: %s", title, #tracks,
      tracks[1] and tracks[1].path .. " …" or "the list is empty")
  end
  more = more or {}
  more.rejected = rejected
  return class.make(kept, more)
end

return layout
