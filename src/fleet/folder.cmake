find_package(tomlplusplus REQUIRED)
find_package(CURL REQUIRED)
find_library(LIBZIP zip REQUIRED)  # not find_package: Debian's libzip-config.cmake asks for programs of another package
target_link_libraries(${target} PRIVATE tomlplusplus::tomlplusplus CURL::libcurl ${LIBZIP})

# The catalogue becomes part of the program, which then works without the tree beside it.
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/models/catalogue.toml)
file(READ ${CMAKE_SOURCE_DIR}/models/catalogue.toml catalogue)
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/catalogue_builtin.cpp @ONLY CONTENT
"#include <string_view>
namespace cofre::fleet {
extern const std::string_view builtin_catalogue;
const std::string_view builtin_catalogue = R\"toml(@catalogue@)toml\";
}
")
target_sources(${target} PRIVATE ${CMAKE_BINARY_DIR}/catalogue_builtin.cpp)
