# pare-targets.cmake: the list PARE_TARGETS (names of instruction sets) as the numeric macro PARE_TARGETS of config.hpp.

# Defines the macro for whoever links `target`, if the list is not empty.
function(pare_set_targets target)
  if("${PARE_TARGETS}" STREQUAL "")
    return()
  endif()
  set(names scalar sse4.1 avx2 avx-vnni avx512-vnni neon neon-dotprod avx512-vbmi neon-a55 neon-i8mm
    wasm-simd128 avx512)  # in the order of their bits
  set(bits 1)  # the scalar target is always kept
  foreach(name IN LISTS PARE_TARGETS)
    list(FIND names "${name}" bit)
    if(bit EQUAL -1)
      message(FATAL_ERROR "pare: PARE_TARGETS: expected names out of ${names}, got ${name}")
    endif()
    math(EXPR bits "${bits} | (1 << ${bit})")
  endforeach()
  set_property(TARGET ${target} PROPERTY INTERFACE_COMPILE_DEFINITIONS PARE_TARGETS=${bits})
endfunction()
