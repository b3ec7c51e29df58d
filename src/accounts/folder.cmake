cofre_embed_migrations(${target} accounts)
cofre_embed_migrations(${target} accounts/audit)
set_source_files_properties(${dir}/audit/syslog.cpp ${dir}/audit/syslog_test.cpp PROPERTIES COMPILE_DEFINITIONS COFRE_VERSION="${PROJECT_VERSION}")
target_link_libraries(${target} PUBLIC OpenSSL::SSL)
