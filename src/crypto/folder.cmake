find_package(OpenSSL 3 REQUIRED)
target_link_libraries(${target} PUBLIC OpenSSL::Crypto)
find_library(COFRE_SODIUM sodium REQUIRED)
target_link_libraries(${target} PRIVATE ${COFRE_SODIUM})
# The TPM, in tpm.cpp alone.
foreach(library esys tctildr mu rc)
  find_library(COFRE_TSS2_${library} tss2-${library} REQUIRED)
  target_link_libraries(${target} PRIVATE ${COFRE_TSS2_${library}})
endforeach()
