# `cpack` in the build directory makes two Debian packages: lastcommit, the
# tool, and liblastcommit-saver-dev, the library.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_CONTACT "lastcommit <lastcommit@packages.debian.org>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_PACKAGE_DIRECTORY packages)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_COMPONENTS_ALL library)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(CPACK_DEBIAN_LIBRARY_PACKAGE_NAME liblastcommit-saver-dev)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_DEPENDS
    "libabsl-dev (>= 20220623), libsqlite3-dev")
set(CPACK_COMPONENT_LIBRARY_DESCRIPTION
    "store of checkpoints in SQLite that survives crashes
SqliteSaver stores checkpoints, append-only logs, tasks and blobs of threads
of work in one SQLite file, and says of each commit whether it is there. These
are its static library and headers.")

if(LASTCOMMIT_TESTER)
  list(APPEND CPACK_COMPONENTS_ALL tool)
  set(CPACK_DEBIAN_TOOL_PACKAGE_NAME lastcommit)
  set(CPACK_DEBIAN_TOOL_PACKAGE_SECTION devel)
  set(CPACK_DEBIAN_TOOL_PACKAGE_SHLIBDEPS ON)
  set(CPACK_COMPONENT_TOOL_DESCRIPTION
      "crash tester for programs that keep their state in SQLite
lastcommit records any program once and crashes the recording everywhere:
killed after each call, or robbed of its power. SQLite recovers each image, and
what the program had promised by then must be there.")
endif()

# What each Debian package has beside its files.
find_program(GZIP gzip)
foreach(component IN LISTS CPACK_COMPONENTS_ALL)
  string(TOUPPER ${component} upper)
  set(documents
      ${CMAKE_INSTALL_DATADIR}/doc/${CPACK_DEBIAN_${upper}_PACKAGE_NAME})
  set(package ${CPACK_DEBIAN_${upper}_PACKAGE_NAME})
  set(written ${PROJECT_BINARY_DIR}/debian/${package})
  configure_file(cmake/debian-changelog.in ${written}/changelog @ONLY)
  if(GZIP)
    execute_process(COMMAND ${GZIP} -9nkf ${written}/changelog)
    install(FILES ${written}/changelog.gz DESTINATION ${documents}
            COMPONENT ${component})
  endif()
  install(FILES ${PROJECT_SOURCE_DIR}/cmake/debian-copyright
          DESTINATION ${documents} RENAME copyright COMPONENT ${component})
endforeach()
if(LASTCOMMIT_TESTER)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/docs
          DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/lastcommit
          COMPONENT tool FILES_MATCHING PATTERN "*.md")
  # What authors of drivers take with them (docs/driver-protocol.md).
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/examples
          DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/lastcommit
          COMPONENT tool)
endif()
include(CPack)
