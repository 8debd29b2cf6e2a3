# A program that has the sources as a part of its own gets SqliteSaver alone,
# which needs nothing of the tester's packages: cmake -P, with the variables
# that CMakeLists.txt beside this gives.
cmake_minimum_required(VERSION 3.25)

function(run)
  execute_process(
    COMMAND ${ARGN}
    WORKING_DIRECTORY ${DIRECTORY}
    RESULT_VARIABLE result
    OUTPUT_VARIABLE output
    ERROR_VARIABLE output)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "${ARGN}: ${result}\n${output}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

file(REMOVE_RECURSE ${DIRECTORY})
file(MAKE_DIRECTORY ${DIRECTORY})
set(without)
foreach(package IN ITEMS CLI11 nlohmann_json rapidcheck GTest benchmark ZLIB)
  list(APPEND without -DCMAKE_DISABLE_FIND_PACKAGE_${package}=TRUE)
endforeach()
run(${CMAKE_COMMAND} -G ${GENERATOR} -S ${PROGRAM_SOURCE} -B ${DIRECTORY}/build
    -DLASTCOMMIT_SOURCE=${SOURCE_DIRECTORY}
    -DPROGRAM_DIRECTORY=${PROGRAM_DIRECTORY} -DCMAKE_CXX_COMPILER=${COMPILER}
    -DCMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER} ${without})
run(${CMAKE_COMMAND} --build ${DIRECTORY}/build --target program)
run(${DIRECTORY}/build/program)
if(NOT output STREQUAL "hello, disk\n")
  message(SEND_ERROR "the program prints ${output}")
endif()
# Warnings are errors for those who change these sources, not for those who use
# them.
file(READ ${DIRECTORY}/build/compile_commands.json commands)
if(commands MATCHES "-Werror")
  message(SEND_ERROR "a warning is an error")
endif()
file(REMOVE_RECURSE ${DIRECTORY})
