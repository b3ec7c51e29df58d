find_package(prometheus-cpp REQUIRED COMPONENTS core)
set_source_files_properties(${dir}/openapi.cpp PROPERTIES COMPILE_DEFINITIONS COFRE_VERSION="${PROJECT_VERSION}")
target_link_libraries(${target} PRIVATE prometheus-cpp::core)

find_package(ZLIB REQUIRED)
include(${CMAKE_SOURCE_DIR}/cmake/console.cmake)
cofre_embed_console(${target})
target_link_libraries(${target} PRIVATE ZLIB::ZLIB)
