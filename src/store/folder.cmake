include(${CMAKE_SOURCE_DIR}/cmake/sqlite.cmake)
include(${CMAKE_SOURCE_DIR}/cmake/migrations.cmake)
target_link_libraries(${target} PRIVATE sqlite3mc ${CMAKE_DL_LIBS})
