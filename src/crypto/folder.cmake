find_package(OpenSSL 3 REQUIRED)
target_link_libraries(${target} PUBLIC OpenSSL::Crypto)
