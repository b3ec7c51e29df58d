# cofre_embed_migrations(TARGET FOLDER): src/FOLDER/migrations/NNNN_name.sql, in order, become
# `std::span<const store::Migration> cofre::FOLDER::migrations()`. FOLDER may be one inside another: accounts/audit.
function(cofre_embed_migrations target folder)
  file(GLOB files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${folder}/migrations/*.sql)
  list(SORT files)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${files})
  set(rows "")
  foreach(path IN LISTS files)
    get_filename_component(name ${path} NAME_WE)
    if(NOT name MATCHES "^([0-9][0-9][0-9][0-9])_[a-z0-9_]+$")
      message(FATAL_ERROR "${path} is not named NNNN_name.sql")
    endif()
    math(EXPR number "1${CMAKE_MATCH_1} - 10000")
    file(READ ${path} sql)
    string(APPEND rows "    {${number}, \"${name}\", R\"sql(${sql})sql\"},\n")
  endforeach()
  string(REPLACE "/" "::" namespace ${folder})
  string(REPLACE "/" "_" file ${folder})
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/migrations_${file}.cpp @ONLY CONTENT
"#include <span>

#include \"store/migrate.h\"

namespace cofre::${namespace} {
std::span<const store::Migration> migrations();
std::span<const store::Migration> migrations() {
  static const store::Migration all[] = {
@rows@  };
  return all;
}
}
")
  target_sources(${target} PRIVATE ${CMAKE_BINARY_DIR}/migrations_${file}.cpp)
endfunction()
