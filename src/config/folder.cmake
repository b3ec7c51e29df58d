# toml++ is included by read.cpp alone.
find_package(tomlplusplus REQUIRED)
target_link_libraries(${target} PRIVATE tomlplusplus::tomlplusplus)
