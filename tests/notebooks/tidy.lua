-- Brings notebooks into the form that they have in git: without outputs, counts and what editors leave in them.
--
--     moonlark tests/notebooks/tidy.lua notebooks/*.ipynb
package.path = arg[0]:match "^(.*)/[^/]*$" .. "/?.lua;" .. package.path
local files = require "moonlark.base.files"
local form = require "form"
local json = require "moonlark.base.json"

for _, path in ipairs(arg) do files.write(path, form.text(json.read(path))) end
