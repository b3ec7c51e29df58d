# CLI11 is included by options.cpp alone.
find_package(CLI11 REQUIRED)
target_link_libraries(${target} PRIVATE CLI11::CLI11)
set_source_files_properties(${dir}/options.cpp PROPERTIES COMPILE_DEFINITIONS COFRE_VERSION="${PROJECT_VERSION}")
# Line editing, in chat.cpp alone.
find_library(COFRE_LIBEDIT edit REQUIRED)
target_link_libraries(${target} PRIVATE ${COFRE_LIBEDIT})
