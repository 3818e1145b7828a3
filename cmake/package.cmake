# What `cmake --install` puts in place besides the targets' own files: the CMake package and the licence.
include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/rondo)
configure_package_config_file(${CMAKE_SOURCE_DIR}/cmake/rondoConfig.cmake.in ${CMAKE_BINARY_DIR}/rondoConfig.cmake
  INSTALL_DESTINATION ${package_dir})
# Fit for projects of any architecture: what runs is the program, and what is compiled in is headers.
write_basic_package_version_file(${CMAKE_BINARY_DIR}/rondoConfigVersion.cmake
  COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES ${CMAKE_BINARY_DIR}/rondoConfig.cmake ${CMAKE_BINARY_DIR}/rondoConfigVersion.cmake
  ${CMAKE_SOURCE_DIR}/cmake/rondo_compile.cmake DESTINATION ${package_dir})
install(EXPORT rondo_targets NAMESPACE rondo:: FILE rondoTargets.cmake DESTINATION ${package_dir})
install(EXPORT rondo_runtime_targets NAMESPACE rondo:: FILE rondoRuntimeTargets.cmake DESTINATION ${package_dir})
install(FILES ${CMAKE_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
