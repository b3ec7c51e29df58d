# libcurl is included by calls.cpp alone. Boost.Beast and Asio are included by parser.cpp, stream.cpp, session*.cpp and server.cpp alone.
find_package(Boost 1.81 REQUIRED)
find_package(CURL REQUIRED)
find_package(OpenSSL 3 REQUIRED)
target_link_libraries(${target} PUBLIC OpenSSL::SSL PRIVATE Boost::headers CURL::libcurl)
