# cofre_embed_console(TARGET): builds console/ (cmake/console.sh) and puts its packed files into TARGET. The assembler
# takes them in as they are (.incbin), so that compiling costs nothing.
function(cofre_embed_console target)
  set(into ${CMAKE_BINARY_DIR}/console)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/console/src/* ${CMAKE_SOURCE_DIR}/console/public/*)
  foreach(name IN ITEMS index.html package.json package-lock.json vite.config.ts tsconfig.json embed.mjs)
    list(APPEND sources ${CMAKE_SOURCE_DIR}/console/${name})
  endforeach()
  add_custom_command(
    OUTPUT ${into}/assets.S ${into}/assets.cpp
    COMMAND ${CMAKE_SOURCE_DIR}/cmake/console.sh ${into}
    DEPENDS ${sources} ${CMAKE_SOURCE_DIR}/cmake/console.sh
    COMMENT "Building the console"
    VERBATIM)
  set_source_files_properties(${into}/assets.S PROPERTIES INCLUDE_DIRECTORIES ${into})
  target_sources(${target} PRIVATE ${into}/assets.S ${into}/assets.cpp)
endfunction()
