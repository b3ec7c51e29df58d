# libcjose is included by keys.cpp alone.
find_library(COFRE_CJOSE cjose REQUIRED)
target_link_libraries(${target} PRIVATE ${COFRE_CJOSE})
