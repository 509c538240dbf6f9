# install.cmake: what `cmake --install` puts where. Nothing depends on the architecture, so the package goes to share/.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_DATADIR}/cmake/pare)

install(DIRECTORY include/pare DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  FILES_MATCHING PATTERN "*.hpp" PATTERN "*.inl")
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(TARGETS pare EXPORT pare-exports INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT pare-exports NAMESPACE pare:: DESTINATION ${package_dir})

write_basic_package_version_file(pare-config-version.cmake COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES cmake/pare-config.cmake cmake/pare-targets.cmake cmake/pare-xtensor.cmake
  ${PROJECT_BINARY_DIR}/pare-config-version.cmake DESTINATION ${package_dir})
