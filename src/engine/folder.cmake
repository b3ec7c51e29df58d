# The sampler reads whole vocabularies: its loops become vectors.
set_source_files_properties(${dir}/sampler.cpp PROPERTIES COMPILE_OPTIONS "-O3" SKIP_PRECOMPILE_HEADERS ON)
