# onetake_folder(<name> SOURCES ... LINKS ...): one object library per folder of src/.
add_library(onetake_options INTERFACE)
target_compile_options(onetake_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion
                       -Wnon-virtual-dtor -Wold-style-cast -Woverloaded-virtual -Werror)
target_compile_definitions(onetake_options INTERFACE ONETAKE_BUILDING ONETAKE_VERSION="${PROJECT_VERSION}")
target_include_directories(onetake_options INTERFACE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/include)
if(ONETAKE_SANITIZE)
  add_compile_options(-fsanitize=${ONETAKE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${ONETAKE_SANITIZE})
endif()

function(onetake_folder name)
  cmake_parse_arguments(F "" "" "SOURCES;LINKS" ${ARGN})
  add_library(onetake_${name} OBJECT ${F_SOURCES})
  target_link_libraries(onetake_${name} PUBLIC onetake_options tl::expected Threads::Threads ${F_LINKS})
  set_property(GLOBAL APPEND PROPERTY ONETAKE_FOLDERS onetake_${name})
endfunction()

# onetake_test(<name> FOLDERS <folder>... SOURCES ... [LINKS ...] [TIMEOUT s]): a GoogleTest program against the folders it
# names, internals included.
function(onetake_test name)
  cmake_parse_arguments(T "" "TIMEOUT" "FOLDERS;SOURCES;LINKS" ${ARGN})
  add_executable(${name} ${T_SOURCES})
  list(TRANSFORM T_FOLDERS PREPEND onetake_)
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(${name} PRIVATE ${T_FOLDERS} ${T_LINKS} GTest::gmock GTest::gtest_main)
  if(NOT T_TIMEOUT)
    set(T_TIMEOUT 120)
  endif()
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT ${T_TIMEOUT})
endfunction()
