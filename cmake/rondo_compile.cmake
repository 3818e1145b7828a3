# rondo_compile(NAME MODEL file [OUTPUT file] [TARGET name] [OPTIONS option...])
#
# Compiles a model while the project is built, and makes the library target NAME of it: target_link_libraries(app PRIVATE
# NAME) links the compiled model, finds its header, and compiles again when the model has changed.
#
#   rondo_compile(vad MODEL vad.onnx OPTIONS --dim=batch=1 --state=h=hn)
#   target_link_libraries(app PRIVATE vad)          # app.c: #include "vad.h", vad_step(...)
#
# NAME is the prefix of the model's symbols and the stem of its header too; a --name among the options sets another prefix.
# OUTPUT's ending says what is made and linked: .o (the default), .a or .so; relative to the current binary folder. TARGET is
# one of `rondo targets`; where it is absent the code is for the machine that compiles, and a project that is built for
# another one must say it. OPTIONS are options of `rondo compile`.
#
# Tested by tests/package.
function(rondo_compile name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "MODEL;OUTPUT;TARGET" "OPTIONS")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "rondo_compile(${name}): not known: ${arg_UNPARSED_ARGUMENTS}; there are MODEL, OUTPUT, TARGET, OPTIONS")
  endif()
  if(NOT arg_MODEL)
    message(FATAL_ERROR "rondo_compile(${name}): MODEL is missing: the file to compile")
  endif()
  if(CMAKE_CROSSCOMPILING AND NOT arg_TARGET AND NOT "${arg_OPTIONS}" MATCHES "--target")
    message(FATAL_ERROR "rondo_compile(${name}): this project is built for another machine: say TARGET, one of `rondo targets`")
  endif()
  if(NOT name MATCHES "^[A-Za-z_][A-Za-z0-9_]*$" AND NOT "${arg_OPTIONS}" MATCHES "--name")
    message(FATAL_ERROR "rondo_compile(${name}): the name is the prefix of symbols in C, which this cannot be")
  endif()
  get_filename_component(model "${arg_MODEL}" ABSOLUTE BASE_DIR ${CMAKE_CURRENT_SOURCE_DIR})
  if(NOT arg_OUTPUT)
    set(arg_OUTPUT ${name}.rondo/${name}.o)
  endif()
  get_filename_component(output "${arg_OUTPUT}" ABSOLUTE BASE_DIR ${CMAKE_CURRENT_BINARY_DIR})
  get_filename_component(folder ${output} DIRECTORY)
  get_filename_component(stem ${output} NAME_WLE)
  get_filename_component(ending ${output} LAST_EXT)
  set(kind_of_.o OBJECT)
  set(kind_of_.a STATIC)
  set(kind_of_.so SHARED)
  set(kind ${kind_of_${ending}})
  if(NOT kind)
    message(FATAL_ERROR "rondo_compile(${name}): OUTPUT ${arg_OUTPUT} ends in none of .o, .a, .so")
  endif()

  set(options ${arg_OPTIONS})
  if(arg_TARGET)
    list(PREPEND options --target=${arg_TARGET})
  endif()
  if(NOT "${arg_OPTIONS}" MATCHES "--name")
    list(PREPEND options --name=${name})
  endif()
  file(MAKE_DIRECTORY ${folder})
  add_custom_command(OUTPUT ${output} ${folder}/${stem}.h
    COMMAND rondo::rondo compile ${model} -o ${output} ${options}
    DEPENDS ${model} rondo::rondo COMMENT "Compiling ${arg_MODEL}" VERBATIM)
  add_custom_target(${name}_compiled DEPENDS ${output} ${folder}/${stem}.h)

  if(kind STREQUAL OBJECT)
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE ${output})
  else()
    add_library(${name} ${kind} IMPORTED GLOBAL)
    set_target_properties(${name} PROPERTIES IMPORTED_LOCATION ${output})
  endif()
  add_dependencies(${name} ${name}_compiled)
  target_include_directories(${name} INTERFACE ${folder})
  target_link_libraries(${name} INTERFACE rondo::interface)
endfunction()
