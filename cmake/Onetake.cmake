# onetake_folder(<name> SOURCES ... LINKS ...): one object library per folder of src/.
add_library(onetake_options INTERFACE)
target_compile_options(onetake_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion
                       -Wnon-virtual-dtor -Wold-style-cast -Woverloaded-virtual)
# Warnings are errors where we work on the code, never where somebody builds it with a compiler we have not seen.
add_library(onetake_c_options INTERFACE)
target_compile_options(onetake_c_options INTERFACE -Wall -Wextra -Wshadow)
if(ONETAKE_WERROR)
  target_compile_options(onetake_options INTERFACE -Werror)
  target_compile_options(onetake_c_options INTERFACE -Werror)
endif()
target_compile_definitions(onetake_options INTERFACE ONETAKE_BUILDING ONETAKE_VERSION="${PROJECT_VERSION}")
target_include_directories(onetake_options INTERFACE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/include)
if(ONETAKE_SANITIZE)
  add_compile_options(-fsanitize=${ONETAKE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${ONETAKE_SANITIZE})
endif()
if(ONETAKE_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
  add_link_options(-fsanitize=fuzzer-no-link)
endif()

# With ONETAKE_UNITY, compiles a target's sources together, but for those in ALONE: they use names of other files for things
# of their own.
function(onetake_unity target alone)
  if(ONETAKE_UNITY)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON)
    set_source_files_properties(${alone} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
    if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
      target_compile_options(${target} PRIVATE -Wno-subobject-linkage)  # it takes the sources for headers
    endif()
  endif()
endfunction()

# ALONE: see onetake_unity().
function(onetake_folder name)
  cmake_parse_arguments(F "" "" "SOURCES;ALONE;LINKS" ${ARGN})
  add_library(onetake_${name} OBJECT ${F_SOURCES})
  onetake_unity(onetake_${name} "${F_ALONE}")
  set_target_properties(onetake_${name} PROPERTIES UNITY_BUILD_BATCH_SIZE 16)  # by default 8
  target_link_libraries(onetake_${name} PUBLIC onetake_options tl::expected Threads::Threads ${F_LINKS})
  set_property(GLOBAL APPEND PROPERTY ONETAKE_FOLDERS onetake_${name})
endfunction()

# Tests, and the program's options and tables, take longer to compile than to run; the library is optimized as ever. ONETAKE_UNITY is
# for those who compile once.
set(onetake_quick_optimization $<$<CONFIG:Release>:$<IF:$<BOOL:${ONETAKE_UNITY}>,-O0,-O1>>)

# With ONETAKE_UNITY, the headers that every test includes are compiled once.
function(onetake_use_test_headers target)
  if(NOT TARGET onetake_test_headers)
    file(WRITE ${PROJECT_BINARY_DIR}/test_headers.cpp "int main() {}\n")
    add_executable(onetake_test_headers EXCLUDE_FROM_ALL ${PROJECT_BINARY_DIR}/test_headers.cpp)
    target_compile_options(onetake_test_headers PRIVATE ${onetake_quick_optimization} -pthread)  # as some libraries ask for
    target_link_libraries(onetake_test_headers PRIVATE onetake_options tl::expected Threads::Threads GTest::gmock)
    target_precompile_headers(onetake_test_headers PRIVATE <gmock/gmock.h> <gtest/gtest.h> <nlohmann/json.hpp>
                              <algorithm> <chrono> <filesystem> <fstream> <functional> <map> <optional> <string> <thread> <vector>)
  endif()
  target_precompile_headers(${target} REUSE_FROM onetake_test_headers)
  target_compile_options(${target} PRIVATE -pthread)
endfunction()

# onetake_test(<name> FOLDERS <folder>... SOURCES ... [ALONE ...] [LINKS ...] [TIMEOUT s] [SLOW]): a GoogleTest program against the folders it
# names, internals included; `all` are all folders of src/. SLOW: not in `make check`
# (make check), as all tests with the label `slow`: what takes more than some seconds, or needs the machine for itself.
function(onetake_test name)
  cmake_parse_arguments(T "SLOW" "TIMEOUT" "FOLDERS;SOURCES;ALONE;LINKS" ${ARGN})
  add_executable(${name} ${T_SOURCES})
  onetake_unity(${name} "${T_ALONE}")
  target_compile_options(${name} PRIVATE ${onetake_quick_optimization})
  list(TRANSFORM T_FOLDERS REPLACE "^all$" core)
  list(TRANSFORM T_FOLDERS PREPEND onetake_)
  if(ONETAKE_UNITY AND T_FOLDERS)  # others have other macros
    onetake_use_test_headers(${name})
  endif()
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(${name} PRIVATE ${T_LINKS} ${T_FOLDERS} GTest::gmock GTest::gtest_main)
  if(NOT T_TIMEOUT)
    set(T_TIMEOUT 300)
  endif()
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT ${T_TIMEOUT})
  if(T_SLOW)
    set_tests_properties(${name} PROPERTIES LABELS slow)
  endif()
endfunction()
