# pare-xtensor.cmake: finds xtensor, xsimd and xtl for the target pare::xtensor; the source tree and the installed
# package share it. Sets PARE_XTENSOR_FOUND.

# No versions: which ones go together is checked by the headers. xtl first: Debian's xsimd links a plain `xtl`.
set(PARE_XTENSOR_FOUND TRUE)
foreach(library IN ITEMS xtl xsimd xtensor)
  if(NOT TARGET ${library})
    find_package(${library} QUIET GLOBAL)
  endif()
  # In a cross build the package of an architecture-independent library may lie out of sight, in the folder of
  # the host's architecture; its headers do not.
  if(NOT TARGET ${library})
    find_path(PARE_${library}_INCLUDE_DIR ${library}/${library}.hpp ${library}/${library}_config.hpp
      ${library}/core/${library}_config.hpp)
    mark_as_advanced(PARE_${library}_INCLUDE_DIR)
    if(NOT PARE_${library}_INCLUDE_DIR)
      set(PARE_XTENSOR_FOUND FALSE)
    endif()
  endif()
endforeach()

# Adds pare (`core`), xtensor, xsimd and xtl to the interface of `target`. Pre: PARE_XTENSOR_FOUND.
function(pare_link_xtensor target core)
  target_link_libraries(${target} INTERFACE ${core})
  foreach(library IN ITEMS xtensor xsimd xtl)
    if(TARGET ${library})
      target_link_libraries(${target} INTERFACE ${library})
    else()
      target_include_directories(${target} SYSTEM INTERFACE ${PARE_${library}_INCLUDE_DIR})
    endif()
  endforeach()
endfunction()
