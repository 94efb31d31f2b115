--- Place: where hubs and models are, as the environment says it: the variables are those of the huggingface_hub
--- library, so that programs which use it and Moonlark share one cache, one token, one mirror.
local files = require "moonlark.base.files"
local show = require "moonlark.base.show"

local place = {}

local usual_endpoint = "https://huggingface.co"

-- A variable of the environment; nil where it is empty or not set.
local function variable(name)
  local value = os.getenv(name)
  return value ~= "" and value or nil
end

-- A folder below the user's own, or below what an XDG variable names; nil where neither is known.
local function of_user(xdg, ...)
  local base, home = variable(xdg), variable "HOME"
  if base and base:sub(1, 1) == "/" then return base end
  return home and files.join(home, ...)
end

-- A folder below one that may not be known.
local function below(folder, name)
  return folder and files.join(folder, name) or show.fail "there is no folder for models: HOME is not set"
end

local function hub_home()
  local user = of_user("XDG_CACHE_HOME", ".cache")
  return variable "HF_HOME" or user and files.join(user, "huggingface")
end

--- The folder of the hub's cache: $HF_HUB_CACHE, else $HF_HOME/hub, else ~/.cache/huggingface/hub.
---@return string
function place.cache()
  return variable "HF_HUB_CACHE" or variable "HUGGINGFACE_HUB_CACHE" or below(hub_home(), "hub")
end

--- The folder of models of the catalogue: $MOONLARK_MODELS, else $XDG_DATA_HOME/moonlark/models, else
--- ~/.local/share/moonlark/models.
---@return string
function place.models()
  return variable "MOONLARK_MODELS" or below(of_user("XDG_DATA_HOME", ".local/share"), "moonlark/models")
end

--- Whether there is a place where models can lie: not where HOME is not set and nothing else names one.
---@return boolean
function place.is_there() return (pcall(place.models)) and (pcall(place.cache)) end

--- The address of the hub, without a slash at its end: $HF_ENDPOINT, or the usual one.
---@return string
function place.endpoint()
  local address = variable "HF_ENDPOINT" or usual_endpoint
  if not address:find "^https?://[^%s]+$" then show.fail("HF_ENDPOINT must be an http address, got '%s'", address) end
  return (address:gsub("/+$", ""))
end

local yes = {["1"] = true, ON = true, YES = true, TRUE = true}

--- True where nothing may be fetched: $HF_HUB_OFFLINE or $TRANSFORMERS_OFFLINE is 1, on, yes or true.
---@return boolean
function place.is_offline()
  return yes[(variable "HF_HUB_OFFLINE" or ""):upper()] or yes[(variable "TRANSFORMERS_OFFLINE" or ""):upper()] or false
end

--- The token that is shown to the hub: $HF_TOKEN, else what the file $HF_TOKEN_PATH or $HF_HOME/token holds; nil where
--- there is none.
---@return string?
function place.token()
  local token = variable "HF_TOKEN" or variable "HUGGING_FACE_HUB_TOKEN"
  local path = variable "HF_TOKEN_PATH" or hub_home() and files.join(hub_home(), "token")
  if not token and path and files.kind(path) == "file" then token = files.read(path) end
  token = token and token:match "^%s*(.-)%s*$"
  if token and token:find "[%s%c]" then show.fail "the token for the hub must be one word (HF_TOKEN, or its file)" end
  return token ~= "" and token or nil
end

return place
