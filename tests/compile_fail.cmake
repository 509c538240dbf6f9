# compile_fail.cmake: cmake -D SOURCE=<file> -D COMMANDS=<compile_commands.json> -P compile_fail.cmake
# SOURCE must not compile as COMMANDS says; the message must hold the text of the file's first line,
# `// expect: <text>`. That it compiles with PARE_COMPILES defined is the build's matter (correct_uses).

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

execute_process(COMMAND ${command} -fsyntax-only WORKING_DIRECTORY ${directory}
  RESULT_VARIABLE result ERROR_VARIABLE output)
if(result EQUAL 0)
  message(FATAL_ERROR "expected the compiler to refuse the wrong use, but it compiles")
endif()
string(FIND "${output}" "${expected}" position)
if(position EQUAL -1)
  message(NOTICE "${output}")
  message(FATAL_ERROR "expected a message with `${expected}`")
endif()
