--- State: what of a network its training changes, and what its file holds.
---
--- A network that others have trained may say which of its tensors change: `net:changing()`, a state of these alone, is
--- all that checkpoints hold then; `net:whole(changed)` is the state that its file is to hold.
local state = {}

--- The tensors that training changes, by name: all of them, unless the network says otherwise.
---@param net moonlark.nn.Module
---@return table<string, moonlark.Tensor>
function state.of(net) return net.changing and net:changing() or net:state_dict() end

--- Puts such a state back.
---@param net moonlark.nn.Module
---@param values table<string, moonlark.Tensor>
function state.restore(net, values) net:load_state_dict(values, {strict = not net.changing}) end

--- What a file of the network is to hold, with these values of what changes.
---@param net moonlark.nn.Module
---@param values table<string, moonlark.Tensor>
---@return table<string, moonlark.Tensor>
function state.whole(net, values) return net.whole and net:whole(values) or values end

return state
