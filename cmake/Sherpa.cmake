# sherpa-onnx, which speech enhancement runs on: header and library of one version, put there by scripts/fetch_sherpa.sh.
# Optional. Only the worker program includes the header; it loads the library at run time and refuses another version.
set(ONETAKE_SHERPA_DIR "" CACHE PATH "sherpa-onnx with include/, lib/ and VERSION; empty: build/deps in the source tree")
set(sherpa_dir "${ONETAKE_SHERPA_DIR}")
if(NOT sherpa_dir AND DEFINED ENV{ONETAKE_SHERPA_DIR})
  set(sherpa_dir "$ENV{ONETAKE_SHERPA_DIR}")
endif()
if(NOT sherpa_dir)
  file(GLOB sherpa_dirs CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/build/deps/sherpa-onnx-*/VERSION)
  list(SORT sherpa_dirs COMPARE NATURAL ORDER DESCENDING)
  if(sherpa_dirs)
    list(GET sherpa_dirs 0 sherpa_dir)
    cmake_path(GET sherpa_dir PARENT_PATH sherpa_dir)
  endif()
endif()

set(ONETAKE_SHERPA_VERSION "")
if(EXISTS "${sherpa_dir}/include/sherpa-onnx/c-api/c-api.h" AND EXISTS "${sherpa_dir}/lib/libsherpa-onnx-c-api.so"
   AND EXISTS "${sherpa_dir}/VERSION")
  file(STRINGS "${sherpa_dir}/VERSION" ONETAKE_SHERPA_VERSION LIMIT_COUNT 1)
  add_library(onetake_sherpa INTERFACE)
  target_include_directories(onetake_sherpa SYSTEM INTERFACE "${sherpa_dir}/include")
  target_compile_definitions(onetake_sherpa INTERFACE
    ONETAKE_SHERPA_VERSION="${ONETAKE_SHERPA_VERSION}"
    ONETAKE_SHERPA_LIBRARY="${sherpa_dir}/lib/libsherpa-onnx-c-api.so")
  message(STATUS "Speech enhancement: sherpa-onnx ${ONETAKE_SHERPA_VERSION} in ${sherpa_dir}")
else()
  message(STATUS "Speech enhancement: left out, there is no sherpa-onnx (scripts/fetch_sherpa.sh fetches it)")
endif()
