# What LuaRocks installs (moonlark-scm-1.rockspec): the modules, and the models that they know, for a stock Lua.
# The modules in C are taken from where the build leaves them, which may be a build that was made before.
install(FILES lua/moonlark_core.lua DESTINATION ${MOONLARK_LUADIR})
install(DIRECTORY lua/moonlark/ DESTINATION ${MOONLARK_LUADIR}/moonlark FILES_MATCHING PATTERN "*.lua"
  PATTERN "notebook/logo-*")
install(DIRECTORY models/ DESTINATION ${MOONLARK_LUADIR}/moonlark/models FILES_MATCHING PATTERN "*.lua"
  PATTERN "weights/*.safetensors" PATTERN "weights/*.json")
if(MOONLARK_BUILT)
  set(modules ${MOONLARK_BUILT}/lib/moonlark)
  if(NOT EXISTS ${modules}/moonlark_core.so)
    message(FATAL_ERROR "MOONLARK_BUILT=${MOONLARK_BUILT} is no build: there is no lib/moonlark/moonlark_core.so")
  endif()
else()
  set(modules ${CMAKE_BINARY_DIR}/lib/moonlark)
endif()
install(DIRECTORY ${modules}/ DESTINATION ${MOONLARK_LIBDIR} USE_SOURCE_PERMISSIONS)
