--- Sound files below a folder, and paths as seen from one.
local files = require "moonlark.base.files"
local lfs = require "lfs"
local text = require "moonlark.base.text"

local scan = {}

--- Endings of the files taken for sound when none are asked for.
scan.extensions = {
  "wav", "flac", "ogg", "oga", "opus", "mp3", "aif", "aiff", "aifc", "au", "snd", "w64", "caf",
  "m4a", "mp4", "aac", "wma", "webm", "mka",
}

--- Paths of the sound files in a folder and below it, relative to it and sorted; hidden ones are skipped. What cannot
--- be read (a folder, a link, a pipe with a sound's name) is the second result, as {path (beginning with the folder's),
--- reason}.
function scan.sounds(path, extensions)
  local endings = {}
  for i, extension in ipairs(extensions or scan.extensions) do
    endings[i] = "." .. extension:lower():gsub("^%.", "")
  end
  local found, rejected = files.tree(path, endings)
  for i, file in ipairs(found) do found[i] = scan.relative(file, path) end
  for _, bad in ipairs(rejected) do bad.path = scan.clean(bad.path) end
  return text.sort(found), rejected
end

--- A path without "." parts, doubled and closing slashes.
function scan.clean(path)
  local root = path:sub(1, 1) == "/" and "/" or ""
  local parts = {}
  for part in path:gmatch "[^/]+" do
    if part ~= "." then parts[#parts + 1] = part end
  end
  return #parts == 0 and root == "" and "." or root .. table.concat(parts, "/")
end

--- A path as seen from a folder: joined to it unless it is absolute.
function scan.join(folder, path)
  if path:sub(1, 1) == "/" or folder == "" or folder == "." then return scan.clean(path) end
  return scan.clean(folder .. "/" .. path)
end

--- The folder that a path lies in; "." for a bare name.
function scan.parent(path) return (files.split(path)) end

--- A path from the root on.
function scan.absolute(path) return scan.join(lfs.currentdir(), path) end

--- A path with respect to a folder: the rest when it lies below it, else absolute.
function scan.relative(path, folder)
  local here = lfs.currentdir()
  local whole, base = scan.join(here, path), scan.join(here, folder)
  if base == "/" then return whole:sub(2) end
  if whole:sub(1, #base + 1) == base .. "/" then return whole:sub(#base + 2) end
  return whole
end

return scan
