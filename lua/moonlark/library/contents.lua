--- Contents: what a library holds, in numbers.
local contents = {}

--- Numbers of songs, of those that were heard, have vanished or are at fault, of files; folders that were added; what was
--- found by whom.
---     print(contents.of(db).songs)
---@param db moonlark.Database
---@return {songs: integer, heard: integer, vanished: integer, faults: integer, files: integer, seconds: number, bytes: integer, folders: string[], makers: table[]}
function contents.of(db)
  local info = db:row [[SELECT count(*) AS songs, coalesce(sum(duration), 0) AS seconds,
      coalesce(sum(bytes), 0) AS bytes, count(fault) AS faults, (SELECT count(*) FROM traits) AS heard,
      (SELECT count(*) FROM files WHERE vanished IS NULL) AS files,
      (SELECT count(*) FROM songs WHERE NOT EXISTS (SELECT 1 FROM files WHERE song = songs.id AND vanished IS NULL))
        AS vanished FROM songs]]
  info.faults = info.faults + db:row "SELECT count(fault) AS n FROM files".n
  info.folders = {}
  for i, one in ipairs(db:rows "SELECT path FROM folders ORDER BY path") do info.folders[i] = one.path end
  info.makers = db:rows [[SELECT kind, name, version, count(*) AS songs FROM findings JOIN makers ON makers.id = maker
    GROUP BY makers.id ORDER BY kind, name]]
  return info
end

return contents
