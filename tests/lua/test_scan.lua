-- A tree of people's own files: what cannot be read is set aside and named, the rest goes on, and nothing waits.
local lib = require "lib"
local lu = require "luaunit"
local core = require "moonlark_core"
local dataset = require "moonlark.dataset"
local files = require "moonlark.base.files"
local lfs = require "lfs"

local folder = lib.folder()
local shell, program = lib.shell, lib.program

local as_root = shell "id -u".out == "0\n"

local silence = lib.wav(("\0\0"):rep(2205)) -- 0.1 s

local function tree(name)
  local top = files.join(folder, name)
  for _, class in ipairs {"blues", "rock"} do
    for i = 1, 2 do lib.write(("%s/%s/%d.wav"):format(top, class, i), silence) end
  end
  return top
end

-- {path below the folder = reason}
local function reasons(songs, top)
  local list = {}
  for _, bad in ipairs(songs.rejected) do list[bad.path:sub(#top + 2)] = bad.reason end
  return list
end

TestScan = {}

function TestScan:test_links_that_lead_nowhere_or_back()
  local top = tree "links"
  lfs.link("/nowhere/at/all.wav", top .. "/rock/dangling.wav", true)
  lfs.link("/nowhere/notes.txt", top .. "/rock/notes.txt", true)
  lfs.link("b.wav", top .. "/rock/a.wav", true)
  lfs.link("a.wav", top .. "/rock/b.wav", true)
  lfs.link("..", top .. "/blues/up", true)
  lfs.link(top .. "/rock", top .. "/again", true)
  local songs = dataset.folder(top)
  lu.assertEquals(#songs, 6)
  local list = reasons(songs, top)
  lu.assertEquals(list["rock/dangling.wav"], "is a link that leads nowhere: No such file or directory")
  lu.assertEquals(list["rock/a.wav"], "is a link that leads nowhere: Too many levels of symbolic links")
  lu.assertEquals(list["blues/up"], "is a link back to a folder above it")
  lu.assertNil(list["rock/notes.txt"])
end

function TestScan:test_pipes_sockets_and_devices_are_never_opened()
  local top = tree "pipes"
  lu.assertEquals(shell([[mkfifo "$0/rock/pipe.wav" && ln -s /dev/zero "$0/rock/device.wav" && mkfifo "$0/other"]],
    top).code, 0)
  local socket = shell([[perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Local => $ARGV[0], Listen => 1) or die' ]]
    .. [["$0/rock/socket.wav"]], top)
  local list = reasons(dataset.folder(top), top)
  lu.assertEquals(list["rock/pipe.wav"], "is a named pipe, not a file")
  lu.assertEquals(list["rock/device.wav"], "is a device, not a file")
  lu.assertNil(list["other"])
  if socket.code == 0 then
    lu.assertEquals(list["rock/socket.wav"], "is a socket, not a file")
  else
    print "skipped in part: no perl that makes a socket"
  end
  -- Named by a person, not found: refused as well, without waiting.
  local songs = dataset.files {top .. "/rock/pipe.wav", top .. "/rock/1.wav"}:validate {progress = false}
  lu.assertEquals(#songs, 1)
  lu.assertStrContains(songs.rejected[1].reason, "not a regular file")
  lu.assertErrorMsgContains("not a regular file", core.store.hash_file, top .. "/rock/pipe.wav")
end

function TestScan:test_commands_go_on_and_say_so()
  local top = tree "commands"
  lfs.link("/nowhere.wav", top .. "/rock/dangling.wav", true)
  local out = files.join(folder, "out")
  local result = shell([["$0" extract "$1" --features rms --out "$2" --no-cache 2>&1]], program, top, out)
  lu.assertEquals(result.code, 3)
  lu.assertStrContains(result.out, "rock/dangling.wav: is a link that leads nowhere")
  lu.assertStrContains(files.read(out .. "/rejected.csv"), "dangling.wav")
  lu.assertEquals(#files.tree(out, {".safetensors"}), 4)
  result = shell([["$0" index "$1" --out "$2/index.json" 2>&1]], program, top, folder)
  lu.assertEquals(result.code, 3)
  lu.assertStrContains(result.out, "dangling.wav: is a link that leads nowhere")
end

-- Root may read everything, so this is done as nobody.
function TestScan:test_a_folder_that_may_not_be_read()
  local top = tree "locked"
  files.mkdirs(top .. "/lost+found")
  shell([[chmod 755 "$1" && chmod 0 "$0/lost+found"]], top, folder)
  local script = folder .. "/read.lua"
  files.write(script, [[
    local songs = require "moonlark.dataset".folder(arg[1])
    print(#songs, #songs.rejected, songs.rejected[1].path:match "[^/]+$", songs.rejected[1].reason)
    print(pcall(require "moonlark.dataset".folder, arg[1] .. "/lost+found"))]])
  local other = as_root and "setpriv --reuid 65534 --clear-groups -- " or ""
  if shell(other .. [["$0" -e 'require "moonlark.dataset"' 2>&1]], program).code ~= 0 then
    print "skipped in part: nobody may not use the program where it lies"
    return
  end
  local result = shell(other .. [["$0" "$1" "$2" 2>&1]], program, script, top)
  shell([[chmod 755 "$0/lost+found"]], top)
  lu.assertEquals(result.code, 0, result.out)
  lu.assertStrContains(result.out, "4\t1\tlost+found\tcannot be listed: Permission denied\n")
  lu.assertStrContains(result.out, "false\tcannot list " .. top .. "/lost+found")
end

lib.run()
