--- Guest: a feature of recipes that the engine does not compute: an embedding of a model from elsewhere, a Vamp plugin.
local guest = {}

local makers = {embedding = "moonlark.feature.embedder", vamp = "moonlark.feature.vamp.guest"}

--- A guest of a recipe. What is made of a song is {data, rate, start}, or [statistics, width] with `pool`.
---@class moonlark.Guest
---@field name string  "embedding", "vamp"
---@field settings table  checked, and what else is needed to find the same again
---@field text string  what it adds to the recipe's text: the same for equal numbers, wherever things lie
---@field width integer  rows
---@field at_rate boolean?  it hears at the recipe's rate, so that its numbers depend on it
---@field hear fun(songs: (moonlark.Track|moonlark.Signal)[], o: table, keep: fun(i: integer, made: any, notes: any): any):
--- {results: table, failures: table<integer, string>, notes: table, waited: number?}  `o`: rate, start, duration, pad,
--- channel, partial, pool; workers, progress
---@field of fun(song: moonlark.Signal, pool: string[]?): any
---@field signal fun(made: table): moonlark.Signal

--- The names of guests, in the order in which their columns come.
guest.names = {"embedding", "vamp"}

--- True for the name of a guest.
---@param name string
---@return boolean
function guest.is(name) return makers[name] ~= nil end

--- The guest that settings describe. Errors: there is none such.
---     local found = guest.resolve("embedding", {model = "models/yamnet"}, 22050)
---@param name string
---@param settings table
---@param rate integer  of the recipe, Hz; 0: each file's own
---@return moonlark.Guest
function guest.resolve(name, settings, rate) return require(makers[name]).resolve(settings, rate) end

return guest
