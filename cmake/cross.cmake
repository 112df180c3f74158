# What toolchain files for other systems share: look for nothing that belongs to the build machine but its programs, and
# for headers that know no system, through a folder of links (/usr/include has the build machine's C library as well).
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)

set(headers ${CMAKE_BINARY_DIR}/headers)
foreach(header nlohmann doctest vulkan vk_video)
  if(EXISTS /usr/include/${header} AND NOT EXISTS ${headers}/include/${header})
    file(MAKE_DIRECTORY ${headers}/include)
    file(CREATE_LINK /usr/include/${header} ${headers}/include/${header} SYMBOLIC)
  endif()
endforeach()
foreach(folder lib share)
  if(EXISTS /usr/${folder}/cmake/nlohmann_json AND NOT EXISTS ${headers}/${folder}/cmake/nlohmann_json)
    # A copy, because the package looks for its headers from where it lies.
    file(COPY /usr/${folder}/cmake/nlohmann_json DESTINATION ${headers}/${folder}/cmake)
  endif()
endforeach()
list(APPEND CMAKE_FIND_ROOT_PATH ${headers})
