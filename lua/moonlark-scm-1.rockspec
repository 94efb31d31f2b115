-- For a stock Lua, from the root of the repository (README.md, "Finding one's way"):
--
--     luarocks --lua-version 5.4 make lua/moonlark-scm-1.rockspec
--     luarocks --lua-version 5.4 make lua/moonlark-scm-1.rockspec MOONLARK_BUILT=$PWD/build/release
rockspec_format = "3.0"
package = "moonlark"
version = "scm-1"
source = {url = "."}
description = {
  summary = "Analysing music and sound, and learning from it",
  detailed = "Decoding, features, effects, clusters, classifiers, tensors over libtorch, networks, pretrained models, pictures.",
  license = "GPL-3.0-or-later",
}
supported_platforms = {"linux"}
dependencies = {"lua >= 5.4, < 5.5", "luafilesystem", "lua-cjson", "argparse"}
build = {
  type = "cmake",
  variables = {
    CMAKE_BUILD_TYPE = "Release", CMAKE_INSTALL_PREFIX = "$(PREFIX)", BUILD_TESTING = "OFF",
    MOONLARK_LUADIR = "$(LUADIR)", MOONLARK_LIBDIR = "$(LIBDIR)",
    MOONLARK_BUILT = "$(MOONLARK_BUILT)",         -- a build that is there already
    MOONLARK_TORCH_DIR = "$(MOONLARK_TORCH_DIR)", -- another libtorch than the system's
  },
  copy_directories = {},
}
