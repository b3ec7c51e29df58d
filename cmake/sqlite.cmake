# Target `sqlite3mc`: SQLite with SQLite3 Multiple Ciphers, the amalgamation out of an npm package whose version and
# SHA-512 are pinned here. It is fetched once for a machine, into ${COFRE_CACHE:-~/.cache/cofre}, and compiled once.
set(COFRE_SQLITE_VERSION 12.11.1)
set(COFRE_SQLITE_SHA512
    a46ef6fb7564522a67998c782f042aa0e5cd1b6089d479660eb96faa0afbc501e0b04f9ccf9ac064489a2479d42931da19f1a27e0800fc2d12bfda99954adfa3)

function(cofre_fetch_sqlite into)
  set(cache $ENV{COFRE_CACHE})
  if(NOT cache)
    set(cache $ENV{XDG_CACHE_HOME})
    if(NOT cache)
      set(cache $ENV{HOME}/.cache)
    endif()
    set(cache ${cache}/cofre)
  endif()
  set(name better-sqlite3-multiple-ciphers-${COFRE_SQLITE_VERSION})
  set(archive ${cache}/${name}.tgz)
  set(sum "")
  if(EXISTS ${archive})
    file(SHA512 ${archive} sum)
  endif()
  if(NOT sum STREQUAL COFRE_SQLITE_SHA512)
    message(STATUS "Fetching SQLite: npm package ${name}")
    string(RANDOM LENGTH 8 suffix)
    set(part ${cache}/fetch-${suffix})
    file(MAKE_DIRECTORY ${part})
    execute_process(
      COMMAND ${CMAKE_SOURCE_DIR}/cmake/node.sh pack --silent better-sqlite3-multiple-ciphers@${COFRE_SQLITE_VERSION}
      WORKING_DIRECTORY ${part} OUTPUT_QUIET ERROR_VARIABLE problem RESULT_VARIABLE failed)
    if(failed OR NOT EXISTS ${part}/${name}.tgz)
      file(REMOVE_RECURSE ${part})
      message(FATAL_ERROR "npm could not fetch ${name}: ${problem}")
    endif()
    file(SHA512 ${part}/${name}.tgz sum)
    if(NOT sum STREQUAL COFRE_SQLITE_SHA512)
      file(REMOVE_RECURSE ${part})
      message(FATAL_ERROR "${name} is not what is pinned: SHA-512 ${sum}")
    endif()
    file(RENAME ${part}/${name}.tgz ${archive})
    file(REMOVE_RECURSE ${part})
  endif()
  if(NOT EXISTS ${into}/package/deps/sqlite3/sqlite3.c)
    file(ARCHIVE_EXTRACT INPUT ${archive} DESTINATION ${into} PATTERNS package/deps/sqlite3/*)
  endif()
endfunction()

set(COFRE_SQLITE_DIR ${CMAKE_BINARY_DIR}/sqlite-${COFRE_SQLITE_VERSION})
cofre_fetch_sqlite(${COFRE_SQLITE_DIR})
set(COFRE_SQLITE_DIR ${COFRE_SQLITE_DIR}/package/deps/sqlite3)

add_library(sqlite3mc STATIC ${COFRE_SQLITE_DIR}/sqlite3.c)
target_include_directories(sqlite3mc SYSTEM PUBLIC ${COFRE_SQLITE_DIR})
# As SQLite recommends (compile.html §1.1), but threads: a connection is used by one thread at a time.
target_compile_definitions(sqlite3mc PRIVATE
  SQLITE_THREADSAFE=2 SQLITE_DQS=0 SQLITE_DEFAULT_MEMSTATUS=0 SQLITE_LIKE_DOESNT_MATCH_BLOBS SQLITE_OMIT_DEPRECATED
  SQLITE_OMIT_SHARED_CACHE SQLITE_OMIT_LOAD_EXTENSION SQLITE_USE_ALLOCA SQLITE_ENABLE_FTS5 SQLITE_ENABLE_STAT4
  SQLITE_ENABLE_MATH_FUNCTIONS SQLITE_TEMP_STORE=3 SQLITE_USE_URI=0 SQLITE_TRUSTED_SCHEMA=0 CODEC_TYPE=CODEC_TYPE_CHACHA20
  WXSQLITE3_HAVE_CIPHER_AES_128_CBC=0 WXSQLITE3_HAVE_CIPHER_AES_256_CBC=0 WXSQLITE3_HAVE_CIPHER_SQLCIPHER=0
  WXSQLITE3_HAVE_CIPHER_RC4=0 WXSQLITE3_HAVE_CIPHER_ASCON128=0 WXSQLITE3_HAVE_CIPHER_AEGIS=0)
target_compile_options(sqlite3mc PRIVATE -O2 -w -fno-sanitize=all)
