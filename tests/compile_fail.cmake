# compile_fail.cmake: cmake -D SOURCE=<file> -D COMMANDS=<compile_commands.json> -P compile_fail.cmake
# SOURCE must compile with PARE_COMPILES defined, as COMMANDS says, and must not without it; the message must then hold
# the text of the file's first line, `// expect: <text>`.

file(READ ${SOURCE} text)
if(NOT text MATCHES "^// expect: ([^\n]+)\n")
  message(FATAL_ERROR "${SOURCE}: expected a first line `// expect: <text>`")
endif()
set(expected "${CMAKE_MATCH_1}")

file(READ ${COMMANDS} commands)
string(JSON entry LENGTH "${commands}")
while(NOT file STREQUAL SOURCE)
  math(EXPR entry "${entry} - 1")
  string(JSON file GET "${commands}" ${entry} file)
endwhile()
string(JSON directory GET "${commands}" ${entry} directory)
string(JSON command GET "${commands}" ${entry} command)
separate_arguments(command UNIX_COMMAND "${command}")

macro(compile)
  execute_process(COMMAND ${command} -fsyntax-only ${ARGN} WORKING_DIRECTORY ${directory}
    RESULT_VARIABLE result ERROR_VARIABLE output)
endmacro()

compile()
if(NOT result EQUAL 0)
  message(NOTICE "${output}")
  message(FATAL_ERROR "expected the correct use (PARE_COMPILES) to compile")
endif()
compile(-UPARE_COMPILES)
if(result EQUAL 0)
  message(FATAL_ERROR "expected the compiler to refuse the wrong use, but it compiles")
endif()
string(FIND "${output}" "${expected}" position)
if(position EQUAL -1)
  message(NOTICE "${output}")
  message(FATAL_ERROR "expected a message with `${expected}`")
endif()
