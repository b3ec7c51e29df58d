# Instrumented builds spend a third of their time on headers of the system: those that most files include are compiled once.
# The release build does without: there each file shows that it includes what it uses.

function(cofre_make_headers target)
  target_link_libraries(${target} PRIVATE fmt::fmt Threads::Threads)
  target_compile_options(${target} PRIVATE -fpch-preprocess)
  target_precompile_headers(${target} PRIVATE
    <algorithm> <array> <atomic> <charconv> <chrono> <cmath> <condition_variable> <cstring> <deque> <filesystem> <fstream> <functional> <map> <memory> <mutex>
    <optional> <set> <span> <string> <string_view> <thread> <unordered_map> <utility> <variant> <vector> <fmt/format.h> <boost/json.hpp> ${ARGN})
endfunction()

# A target takes the headers of another, which is compiled with the same options.
function(cofre_reuse_headers target from)
  if(TARGET ${from})
    target_compile_options(${target} PRIVATE -fpch-preprocess)
    target_precompile_headers(${target} REUSE_FROM ${from})
  endif()
endfunction()

if(COFRE_SANITIZE AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  if(CCACHE)  # keeps objects with precompiled headers too: those are the system's, and nothing looks at the time
    set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${CCACHE})
  endif()
  add_compile_definitions(BOOST_ALL_NO_LIB)  # as src/json says: what the headers were compiled with must be said everywhere
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/headers.cpp CONTENT "int main() { return 0; }\n")
  add_library(cofre_headers STATIC ${CMAKE_BINARY_DIR}/headers.cpp)
  cofre_make_headers(cofre_headers)
  find_package(GTest REQUIRED)
  add_executable(test_headers EXCLUDE_FROM_ALL ${CMAKE_BINARY_DIR}/headers.cpp)
  target_link_libraries(test_headers PRIVATE GTest::gtest)
  cofre_make_headers(test_headers <gtest/gtest.h>)
endif()
