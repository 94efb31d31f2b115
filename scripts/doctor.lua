--- Reports what Moonlark finds on this machine, what is missing, and the command that mends it.
local command = require "moonlark.shell.command"
local json = require "moonlark.base.json"
local moonlark = require "moonlark"
local text = require "moonlark.base.text"

local parser = command.parser("doctor", "Reports what Moonlark finds on this machine, and what mends what is missing.")
command.json(parser)
local arguments = parser:parse(arg)

-- One finding: what, whether it is there, in words, and how to get it. `needed`: the main job fails without it.
local findings = {}

local function report(name, ok, text, needed, mend)
  findings[#findings + 1] = {name = name, ok = ok and true or false, text = text, needed = needed or false,
    mend = not ok and mend or nil}
end

-- The first line is enough for a person.
local function first_line(text)
  return (tostring(text):match "^[^\n]*")
end

local function output_of(line)
  local pipe = io.popen(line)
  if not pipe then return "" end
  local text = pipe:read "a"
  pipe:close()
  return text
end

-- The file of a shared library that the running program uses.
local function library_path(name)
  local maps <close> = io.open "/proc/self/maps"
  if not maps then return nil end
  for line in maps:lines() do
    local path = line:match "%s(/%S+)$"
    if path and path:find("/" .. name, 1, true) then return path end
  end
end

local function check_program()
  report("moonlark", true, ("%s, in %s"):format(moonlark.version, moonlark.home), true)
  report("Lua", true, _VERSION, true)
end

-- The library that multiplies the engine's matrices. Without one, plain loops do: correct, but slow.
local function check_blas(blas)
  if blas.file == "" then
    return report("BLAS", false, "none that computes right: plain loops, slow"
      .. (blas.trouble ~= "" and " (" .. blas.trouble .. ")" or ""), true, "apt-get install libopenblas0-openmp")
  end
  local words = {blas.file, blas.threading}
  if blas.core ~= "" then words[#words + 1] = "kernels for " .. blas.core end
  if blas.threads > 0 then words[#words + 1] = ("%d threads"):format(blas.threads) end
  if blas.trouble ~= "" then words[#words + 1] = blas.trouble end
  report("BLAS", true, table.concat(words, ", "), true)
  if blas.threading == "pthreads" then
    report("BLAS threads", false, "OpenBLAS has threads of its own, which fight libtorch's for the cores", false,
      "apt-get install libopenblas0-openmp")
  end
end

local function check_engine()
  local ok, core = pcall(require, "moonlark_core")
  if not ok then
    return report("engine", false, "moonlark_core does not load: " .. first_line(core), true, "scripts/setup.sh")
  end
  report("engine", true, library_path "moonlark_core" or "loaded", true)
  report("cores", true, ("%d usable"):format(core.system.cores()))
  local versions = core.system.libraries()
  for _, name in ipairs {"libsndfile", "FFmpeg", "soxr", "FFTW", "libsvm", "XGBoost"} do
    report(name, versions[name], versions[name] or "its libraries do not load", true, "scripts/setup.sh")
  end
  check_blas(core.system.blas())
  report("Rubber Band", versions["Rubber Band"], library_path "librubberband"
    or 'not found: effects lack method = "rubberband"', false,
    "apt-get install librubberband2; the phase vocoder works without")
  report("HDF5", versions.HDF5, versions.HDF5 or "no libhdf5: features cannot be written as .h5", false,
    "apt-get install hdf5-tools")
  report("libcurl", versions.libcurl, versions.libcurl or "not found: no models can be fetched", false,
    "apt-get install libcurl4; what lies on the disk works without")
  report("libzmq", versions.libzmq, versions.libzmq or "not found: no kernel for notebooks", false,
    "apt-get install libzmq5; the prompt works without")
  local formats = text.keys(core.system.codecs())
  report("sound formats", #formats > 0, table.concat(formats, ", "), true, "scripts/setup.sh")
  local columns = core.system.terminal_columns(1)
  report("terminal", true, columns and ("%d columns, %s%s"):format(columns, os.getenv "TERM" or "TERM is not set",
    core.terminal and core.terminal.sixel() and ", draws sixel pictures" or "") or "standard output is none")
end

local function check_torch()
  local ok, torch = pcall(require, "moonlark.torch")
  if not ok then
    return report("libtorch", false, first_line(torch), true,
      "scripts/setup.sh, or build with -DMOONLARK_TORCH_DIR=FOLDER")
  end
  report("libtorch", true, ("%s, %s, %d threads"):format(torch.version, library_path "libtorch_cpu" or "place unknown",
    torch.get_num_threads()), true)
  report("libtorch BLAS", true, torch.blas(), true)
  local devices, reason = torch.cuda.device_count()
  report("CUDA", devices > 0, devices > 0 and ("%d devices"):format(devices) or reason or "no device", false,
    "an NVIDIA driver and a CUDA libtorch (README: another libtorch); everything else works without")
end

local function check_gnuplot()
  local version = output_of "gnuplot --version 2>/dev/null"
  if version == "" then
    return report("gnuplot", false, "not found: no pictures", true, "apt-get install gnuplot-nox")
  end
  local terminals = output_of [[gnuplot -d -e 'set print "-"; print GPVAL_TERMINALS' 2>/dev/null]]
  local has, missing = {}, {}
  for _, name in ipairs {"pngcairo", "svg", "pdfcairo", "sixelgd", "dumb", "qt", "wxt", "x11"} do
    if (" " .. terminals):find("%s" .. name .. "%f[%s\0]") then has[#has + 1] = name end
  end
  for _, name in ipairs {"pngcairo", "svg", "pdfcairo"} do
    if not table.concat(has, " "):find(name, 1, true) then missing[#missing + 1] = name end
  end
  report("gnuplot", #missing == 0, ("%s; terminals: %s%s"):format(version:gsub("^gnuplot%s*", ""):gsub("%s+$", ""),
    table.concat(has, " "), #missing > 0 and "; missing: " .. table.concat(missing, " ") or ""), true,
    "apt-get install gnuplot-nox")
end

local function print_findings()
  local colour = not os.getenv "NO_COLOR" and pcall(require, "moonlark_core")
    and require("moonlark_core").system.terminal_columns(1)
  for _, found in ipairs(findings) do
    local mark = found.ok and "ok" or found.needed and "MISSING" or "none"
    local code = found.ok and "32" or found.needed and "31" or "33"
    local shown = colour and ("\27[%sm%-7s\27[0m"):format(code, mark) or ("%-7s"):format(mark)
    print(("%s  %-13s  %s"):format(shown, found.name, found.text))
    if found.mend then print(("%24s  → %s"):format("", found.mend)) end
  end
end

for _, check in ipairs {check_program, check_engine, check_torch, check_gnuplot} do
  local ok, message = pcall(check)
  if not ok then report("check", false, first_line(message), true, "scripts/setup.sh") end
end
local healthy = true
for _, found in ipairs(findings) do healthy = healthy and (found.ok or not found.needed) end
if arguments.json then
  print(json.encode({ok = healthy, findings = findings}, "  "))
else
  print_findings()
end
os.exit(healthy and 0 or 1, true)
