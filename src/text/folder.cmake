find_package(ICU REQUIRED COMPONENTS uc i18n)
target_link_libraries(${target} PRIVATE ICU::uc ICU::i18n)
