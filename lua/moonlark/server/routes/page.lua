--- Routes of the page: its files, as they lie in server/static. Each has an address of its own, so no other can be asked.
local core = require "moonlark_core"
local files = require "moonlark.base.files"
local moonlark = require "moonlark"

local types = {html = "text/html; charset=utf-8", css = "text/css; charset=utf-8", js = "text/javascript; charset=utf-8",
  svg = "image/svg+xml", webmanifest = "application/manifest+json"}

-- A file of the page, which browsers keep and ask about: 304 while it is the same.
local function handler_of(path, kind)
  local content, tag = files.read(path), '"' .. core.net.digest(path, "sha256"):sub(1, 32) .. '"'
  return function(request)
    local headers = {["Content-Type"] = kind, ["Cache-Control"] = "no-cache", ETag = tag}
    if request.headers["if-none-match"] == tag then return request:answer(304, nil, headers) end
    request:answer(200, content, headers)
  end
end

return function(route)
  local folder = moonlark.folder .. "/server/static"
  for _, name in ipairs(files.list(folder)) do
    local kind = types[name:match "%.(%w+)$"]
    if kind then
      local address = name == "index.html" and "/" or "/static/" .. name
      route("GET " .. address, {summary = "A file of the page.", public = true, tag = "page", hidden = true, answers = {
        [200] = {"The file.", type = kind:match "^[^;]+"}, [304] = "It is what the browser has."}},
        handler_of(files.join(folder, name), kind))
    end
  end
end
