--- Routes of sessions: a page that asks for the token once, and is known by a cookie from then on.
local options = require "moonlark.base.options"
local problem = require "moonlark.server.problem"

return function(route, service)
  route("POST /v1/session", {
    summary = "Gives a page the cookie by which it is known, for the service's token.", body = "json", public = true,
    needs_body = true, tag = "service",
    options = options.outside("session", {token = options.text(options.required, "the service's")}),
    answers = {[204] = {"The cookie is set, where the service needs a token.",
      headers = {["Set-Cookie"] = "moonlark=…"}},
      [401] = "This is not the token."},
  }, function(request)
    if not service.options.token then return request:answer(204) end
    if not service.server:knows(request.said.token) then problem.fail(401, "this is not the service's token") end
    local cookie = ("moonlark=%s; HttpOnly; SameSite=Strict; Path=/"):format(request.said.token)
    request:answer(204, nil, {["Set-Cookie"] = cookie})
  end)
end
