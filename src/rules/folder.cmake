# PCRE2 is included by pattern.cpp alone.
find_library(COFRE_PCRE2 pcre2-8 REQUIRED)
target_link_libraries(${target} PRIVATE ${COFRE_PCRE2})
