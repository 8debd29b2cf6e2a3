# Writes the header that says which commit of the repository is built:
# cmake -DSOURCE=DIR -DHEADER=FILE -P commit.cmake
cmake_minimum_required(VERSION 3.25)

set(commit unknown)
execute_process(
  COMMAND git -C ${SOURCE} rev-parse --short=12 HEAD
  OUTPUT_VARIABLE head
  OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET
  RESULT_VARIABLE failed)
if(NOT failed)
  set(commit ${head})
  execute_process(
    COMMAND git -C ${SOURCE} status --porcelain --untracked-files=no
    OUTPUT_VARIABLE changes ERROR_QUIET)
  if(changes)
    string(APPEND commit ", changed")
  endif()
endif()
file(CONFIGURE OUTPUT ${HEADER} CONTENT
     "#define LASTCOMMIT_COMMIT \"@commit@\"\n" @ONLY)
