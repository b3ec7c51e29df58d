# libfido2 and libcbor are included by verify.cpp and cbor.cpp alone.
find_library(COFRE_FIDO2 fido2 REQUIRED)
find_library(COFRE_CBOR cbor REQUIRED)
target_link_libraries(${target} PRIVATE ${COFRE_FIDO2} ${COFRE_CBOR})
