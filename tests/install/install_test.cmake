# Installs the build into a directory of its own, moves that away, and builds
# and runs a program against what is there: cmake -P, with the variables that
# CMakeLists.txt beside this gives.
cmake_minimum_required(VERSION 3.25)

set(PUBLIC_HEADERS blob_stream.h options.h records.h settings.h sqlite_saver.h
                   transaction.h)

function(run)
  cmake_parse_arguments(PARSE_ARGV 0 ARG "" "IN;OUT" "COMMAND")
  execute_process(
    COMMAND ${ARG_COMMAND}
    WORKING_DIRECTORY ${ARG_IN}
    RESULT_VARIABLE result
    OUTPUT_VARIABLE output
    ERROR_VARIABLE errors)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "${ARG_COMMAND}: ${result}\n${output}${errors}")
  endif()
  if(ARG_OUT)
    set(${ARG_OUT} "${output}" PARENT_SCOPE)
  endif()
endfunction()

function(expect_equal what actual expected)
  if(NOT actual STREQUAL expected)
    message(SEND_ERROR "${what}:\n${actual}\nexpected:\n${expected}")
  endif()
endfunction()

# Only the public headers, and nothing that names a directory of this build.
function(check_tree tree)
  file(GLOB_RECURSE headers RELATIVE ${tree}/include ${tree}/include/*)
  list(SORT headers)
  list(TRANSFORM PUBLIC_HEADERS PREPEND lastcommit/saver/)
  expect_equal("the headers" "${headers}" "${PUBLIC_HEADERS}")
  file(GLOB_RECURSE package ${tree}/lib/*.cmake)
  if(NOT package)
    message(SEND_ERROR "no CMake package in ${tree}/lib")
  endif()
  foreach(file IN LISTS package)
    file(READ ${file} text)
    foreach(directory IN ITEMS ${SOURCE_DIRECTORY} ${BUILD_DIRECTORY})
      string(FIND "${text}" ${directory} at)
      if(NOT at EQUAL -1)
        message(SEND_ERROR "${file} names ${directory}")
      endif()
    endforeach()
  endforeach()
endfunction()

function(check_program tree)
  run(COMMAND
      ${CMAKE_COMMAND}
      -G
      ${GENERATOR}
      -S
      ${PROGRAM_DIRECTORY}
      -B
      ${DIRECTORY}/program
      -DCMAKE_PREFIX_PATH=${tree}
      -DCMAKE_BUILD_TYPE=${BUILD_TYPE}
      -DCMAKE_CXX_COMPILER=${COMPILER}
      -DCMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER}
      -DCMAKE_CXX_FLAGS=${FLAGS}
      IN
      ${DIRECTORY})
  run(COMMAND ${CMAKE_COMMAND} --build ${DIRECTORY}/program IN ${DIRECTORY})
  # The first time the database is created, the second time it is opened.
  foreach(time IN ITEMS 1 2)
    run(COMMAND ${DIRECTORY}/program/program OUT output IN ${DIRECTORY})
    expect_equal("what the program prints" "${output}" "hello, disk\n")
  endforeach()
endfunction()

# The same program without CMake.
function(check_pkg_config tree)
  set(ENV{PKG_CONFIG_PATH} ${tree}/lib/pkgconfig)
  run(COMMAND pkg-config --cflags --libs lastcommit-saver OUT needed IN
      ${DIRECTORY})
  separate_arguments(needed UNIX_COMMAND "${FLAGS} ${needed}")
  run(COMMAND ${COMPILER} -o ${DIRECTORY}/by_pkg_config
      ${PROGRAM_DIRECTORY}/main.cc ${needed} IN ${DIRECTORY})
  run(COMMAND ${DIRECTORY}/by_pkg_config OUT output IN ${DIRECTORY})
  expect_equal("what the program prints" "${output}" "hello, disk\n")
endfunction()

file(REMOVE_RECURSE ${DIRECTORY})
file(MAKE_DIRECTORY ${DIRECTORY})
run(COMMAND ${CMAKE_COMMAND} --install ${BUILD_DIRECTORY} --prefix
    ${DIRECTORY}/installed IN ${DIRECTORY})
file(RENAME ${DIRECTORY}/installed ${DIRECTORY}/moved)
check_tree(${DIRECTORY}/moved)
check_program(${DIRECTORY}/moved)
check_pkg_config(${DIRECTORY}/moved)
run(COMMAND ${DIRECTORY}/moved/bin/lastcommit savers IN ${DIRECTORY})
file(REMOVE_RECURSE ${DIRECTORY})
