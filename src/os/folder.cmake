find_library(LIBSECCOMP seccomp REQUIRED)
target_link_libraries(${target} PRIVATE ${LIBSECCOMP})
