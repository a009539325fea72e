# What `cmake --install` puts down: library, public headers, program, and what other builds need to find them.
include(CMakePackageConfigHelpers)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/onetake)

install(TARGETS onetake EXPORT onetakeTargets
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
        INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(DIRECTORY include/onetake DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
install(EXPORT onetakeTargets NAMESPACE onetake:: DESTINATION ${package_dir})

configure_package_config_file(cmake/onetakeConfig.cmake.in onetakeConfig.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(onetakeConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/onetakeConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/onetakeConfigVersion.cmake
        DESTINATION ${package_dir})

# Relative to itself, so that `cmake --install --prefix` and a moved tree work.
file(RELATIVE_PATH pc_to_prefix ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
configure_file(cmake/onetake.pc.in onetake.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/onetake.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

if(TARGET onetake_worker)
  install(TARGETS onetake_worker RUNTIME DESTINATION ${CMAKE_INSTALL_LIBEXECDIR}/onetake)
endif()

if(TARGET onetake_cli)
  install(TARGETS onetake_cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  install(FILES docs/onetake.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
  install(FILES apps/onetake/completion.bash RENAME onetake
          DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
endif()
