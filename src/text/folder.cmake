find_package(ICU REQUIRED COMPONENTS uc)
target_link_libraries(${target} PRIVATE ICU::uc)
