# One table a folder, compiled for its own instruction set. Sums keep their order (no -ffast-math); the two flags let
# the compiler use vectors for floorf, sqrtf and conditional code. GCC 12 warns about its own intrinsics.
set(kernel_flags -O3 -fno-math-errno -fno-trapping-math -ffp-contract=off -Wno-uninitialized -Wno-maybe-uninitialized)
# A table takes minutes to compile with ASan in it, and the parsers that ASan is for do not run it.
if(COFRE_SANITIZE MATCHES address)
  set(plain -fno-sanitize=all)
endif()
set(avx512_flags -mavx512f -mavx512bw -mavx512vl -mavx512dq -mavx512vnni -mavx2 -mfma -mf16c -mtune=icelake-server
    -mprefer-vector-width=512)
set_source_files_properties(${dir}/scalar/scalar.cpp ${dir}/panels.cpp ${dir}/format.cpp ${dir}/quantize_row.cpp PROPERTIES COMPILE_OPTIONS "${kernel_flags}")
if(CMAKE_SYSTEM_PROCESSOR STREQUAL "aarch64")
  set(others avx2 avx512 amx)
else()
  set(others neon)
endif()
foreach(other IN LISTS others)  # tables of other processors are not compiled
  file(GLOB files ${dir}/${other}/*.cpp)
  set_source_files_properties(${files} PROPERTIES HEADER_FILE_ONLY ON)
endforeach()
set_source_files_properties(${dir}/avx2/avx2.cpp PROPERTIES COMPILE_OPTIONS "${kernel_flags};${plain};-mavx2;-mfma;-mf16c;-mtune=haswell")
set_source_files_properties(${dir}/avx512/avx512.cpp PROPERTIES COMPILE_OPTIONS "${kernel_flags};${plain};${avx512_flags}")
set_source_files_properties(${dir}/amx/amx.cpp PROPERTIES
  COMPILE_OPTIONS "${kernel_flags};${plain};${avx512_flags};-mamx-tile;-mamx-int8;-mamx-bf16")
set_source_files_properties(${dir}/neon/neon.cpp PROPERTIES COMPILE_OPTIONS "${kernel_flags};${plain}")
set_source_files_properties(${dir}/neon/dotprod.cpp PROPERTIES COMPILE_OPTIONS "${kernel_flags};${plain};-march=armv8.2-a+dotprod")
set_source_files_properties(${dir}/neon/i8mm.cpp PROPERTIES
  COMPILE_OPTIONS "${kernel_flags};${plain};-march=armv8.2-a+dotprod+i8mm+bf16")
set_target_properties(${target} PROPERTIES DISABLE_PRECOMPILE_HEADERS ON)  # its files are for processors of their own
