find_package(OpenSSL 3 REQUIRED)
target_link_libraries(${target} PUBLIC OpenSSL::Crypto)
find_library(COFRE_SODIUM sodium REQUIRED)
target_link_libraries(${target} PRIVATE ${COFRE_SODIUM})
