# Builds the user's project against the installed package, with each generator of this machine, under another prefix than
# the build's; runs it; and changes the model to see that what depends on it is built again.
set(project ${CMAKE_CURRENT_LIST_DIR})
set(scratch ${BUILD}/package_test)
file(REMOVE_RECURSE ${scratch})
function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE failed OUTPUT_VARIABLE output ERROR_VARIABLE errors)
  if(failed)
    message(FATAL_ERROR "${ARGN}:\n${output}${errors}")
  endif()
  set(output "${output}" PARENT_SCOPE)
endfunction()

function(expect want)
  run(${ARGN})
  if(NOT output STREQUAL "${want}\n")
    message(FATAL_ERROR "${ARGN} says '${output}' in place of '${want}'")
  endif()
endfunction()

# A state that begins at 4, and at each step is divided by `divisor` before the input is added to it.
function(write_model divisor)
  file(WRITE ${scratch}/decay.json "{\"rondo\": 1, \"inputs\": {\"x\": \"f32[1]\"}, \"outputs\": [\"new\"],
    \"states\": {\"h\": {\"type\": \"f32[1]\", \"next\": \"new\", \"initial\": [4]}},
    \"nodes\": [\"new = h / ${divisor} + x\"]}")
endfunction()

foreach(generator Ninja "Unix Makefiles")
  set(build ${scratch}/consumer)
  file(REMOVE_RECURSE ${build})
  write_model(2)
  run(${CMAKE_COMMAND} -G ${generator} -S ${project} -B ${build} -DMODEL=${scratch}/decay.json
    -DCMAKE_PREFIX_PATH=${INSTALLED})
  run(${CMAKE_COMMAND} --build ${build})
  foreach(program with_decay with_decay_archive with_decay_shared with_cpp)
    expect("2.500" ${build}/${program})
  endforeach()
  expect("decay takes f32[1]" ${build}/consumer ${build}/shared/decay.so)
  write_model(4)
  run(${CMAKE_COMMAND} --build ${build})
  expect("1.500" ${build}/with_decay)
  expect("1.500" ${build}/with_decay_archive)
  expect("1.500" ${build}/with_cpp)
endforeach()

# What cannot be is said when the project is configured, with cmake's further options.
function(refuse arguments want)
  file(WRITE ${scratch}/bad/CMakeLists.txt "cmake_minimum_required(VERSION 3.25)\nproject(bad LANGUAGES C)\n"
    "find_package(rondo REQUIRED)\nrondo_compile(${arguments})\n")
  file(REMOVE_RECURSE ${scratch}/bad/build)
  execute_process(COMMAND ${CMAKE_COMMAND} -S ${scratch}/bad -B ${scratch}/bad/build -DCMAKE_PREFIX_PATH=${INSTALLED} ${ARGN}
    RESULT_VARIABLE failed OUTPUT_QUIET ERROR_VARIABLE errors)
  string(REGEX REPLACE "[ \n]+" " " errors "${errors}")
  if(NOT failed OR NOT errors MATCHES "${want}")
    message(FATAL_ERROR "rondo_compile(${arguments}) says '${errors}' in place of '${want}'")
  endif()
endfunction()
refuse("m" "MODEL is missing")
refuse("m MODEL m.onnx TARGTE x" "not known: TARGTE")
refuse("m MODEL m.onnx OUTPUT m.dll" "ends in none of .o, .a, .so")
refuse("1m MODEL m.onnx" "prefix of symbols")
refuse("m MODEL m.onnx" "another machine: say TARGET" -DCMAKE_SYSTEM_NAME=Generic)
file(REMOVE_RECURSE ${scratch})
