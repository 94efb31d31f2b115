--- The tensor module, loaded after what libtorch must find in the process when it comes: the BLAS that the engine chose.
require("moonlark_core").system.ready_for_torch()
return require "moonlark_torch"
