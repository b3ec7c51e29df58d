find_package(Boost 1.81 REQUIRED)
target_link_libraries(${target} PUBLIC Boost::headers)
# Boost.JSON is compiled once, in json.cpp; without its own -Werror.
target_compile_definitions(${target} PUBLIC BOOST_ALL_NO_LIB)
