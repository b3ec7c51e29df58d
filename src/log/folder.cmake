# spdlog is included by log.cpp alone.
find_package(spdlog REQUIRED)
target_link_libraries(${target} PRIVATE spdlog::spdlog)
