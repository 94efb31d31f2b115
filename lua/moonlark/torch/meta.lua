---@meta
--- What the C module gives every tensor. Not run: editors and `name?` read it.
--- All of libtorch's operators are methods too; `torch.help "NAME"` shows them.

---@class moonlark.Tensor
---@operator add(moonlark.Tensor|number): moonlark.Tensor
---@operator sub(moonlark.Tensor|number): moonlark.Tensor
---@operator mul(moonlark.Tensor|number): moonlark.Tensor
---@operator div(moonlark.Tensor|number): moonlark.Tensor
---@operator mod(moonlark.Tensor|number): moonlark.Tensor
---@operator pow(moonlark.Tensor|number): moonlark.Tensor
---@operator idiv(moonlark.Tensor|number): moonlark.Tensor
---@operator unm: moonlark.Tensor
---@operator len: integer
local Tensor = {}

--- Lengths of the axes.
---     print(table.concat(x:shape(), "×"))
---@return integer[]
function Tensor:shape() end

--- Length of one axis, 0-based, negative from the end; without an axis the same as `shape`.
---     local rows = x:size(0)
---@param dim integer?
---@return integer
function Tensor:size(dim) end

--- Number of axes.
---     print(x:dim())
---@return integer
function Tensor:dim() end

--- Number of elements.
---     print(x:numel())
---@return integer
function Tensor:numel() end

--- Name of the element type: "float32", "int64", "bool" …
---     print(x:dtype())
---@return string
function Tensor:dtype() end

--- Where it is: "cpu", "cuda:0" …
---     w = w:to(x:device())
---@return string
function Tensor:device() end

--- The values as nested tables, 1-based; a number when there are no axes. Complex ones are {real, imaginary}.
---     local list = x:totable()
---@return table|number|boolean
function Tensor:totable() end

--- The value of a tensor of one element: a number or boolean; two numbers when it is complex.
---     print(loss(net(x), y):item())
---@return number|boolean, number?
function Tensor:item() end

--- Another dtype, another device, or both: what `to` and its relatives call.
---     local y = x:convert("float64", nil, true)
---@param dtype string?
---@param device string?
---@param copy boolean?  also when nothing changes
---@param non_blocking boolean?
---@return moonlark.Tensor
function Tensor:convert(dtype, device, copy, non_blocking) end

--- True when gradients are recorded for it.
---     print(w:requires_grad())
---@return boolean
function Tensor:requires_grad() end

--- Switches the recording of gradients for a leaf; returns the tensor itself.
---     local w = torch.randn({3}):requires_grad_()
---@param requires_grad boolean?  default true
---@return moonlark.Tensor
function Tensor:requires_grad_(requires_grad) end

--- True when it was made by hand rather than by an operator on tensors that require gradients.
---     print(w:is_leaf())
---@return boolean
function Tensor:is_leaf() end

--- The gradient that `backward` has summed up, or nil.
---     print(w:grad())
---@return moonlark.Tensor?
function Tensor:grad() end

--- Sets the gradient, or with nil forgets it; returns the tensor itself.
---     w:set_grad(nil)
---@param gradient moonlark.Tensor?
---@return moonlark.Tensor
function Tensor:set_grad(gradient) end

--- Gives the memory back at once; the tensor cannot be used any more. Other tensors that view the same memory can.
---     x:free()
function Tensor:free() end

return Tensor
