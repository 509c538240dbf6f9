# pare-config.cmake: read by find_package(pare). Gives pare::pare, and pare::xtensor where xtensor, xsimd and xtl are
# found (required by find_package(pare COMPONENTS xtensor)). Set the list PARE_TARGETS before it to narrow the targets.
find_package(Threads QUIET)
include(${CMAKE_CURRENT_LIST_DIR}/pare-exports.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/pare-targets.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/pare-xtensor.cmake)
pare_set_targets(pare::pare)

if(PARE_XTENSOR_FOUND AND NOT TARGET pare::xtensor)
  add_library(pare::xtensor INTERFACE IMPORTED)
  pare_link_xtensor(pare::xtensor pare::pare)
endif()

set(pare_xtensor_FOUND ${PARE_XTENSOR_FOUND})
foreach(component IN LISTS pare_FIND_COMPONENTS)
  if(pare_FIND_REQUIRED_${component} AND NOT pare_${component}_FOUND)
    set(pare_FOUND FALSE)
    set(pare_NOT_FOUND_MESSAGE "pare has no component ${component} (xtensor needs xtensor, xsimd and xtl)")
  endif()
endforeach()
