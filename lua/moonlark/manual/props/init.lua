--- Props: what stands for the names and files in the examples of a manual, and which examples are not run.
local props = {}

local values = require "moonlark.manual.props.values"

--- Values that take long to make: once for all examples.
props.kept = values.kept
--- Values that any example may ask for, made anew for each.
props.any = values.any
--- Values of a chapter, which go before those.
props.chapters = values.chapters
--- Values of one example ("nn.Conv2d"), or of all below a name ("metrics.beat"), which go before both.
props.own = require "moonlark.manual.props.own"
--- Files by their names.
props.files = require "moonlark.manual.props.files"
--- Why an example is not run, by its name or its chapter.
props.left_out = require "moonlark.manual.props.left_out"

return props
