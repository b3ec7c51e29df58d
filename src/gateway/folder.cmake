find_package(prometheus-cpp REQUIRED COMPONENTS core)
target_link_libraries(${target} PRIVATE prometheus-cpp::core)
