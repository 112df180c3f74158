# The one place where floating-point rules are set: results must be the same bits on every compiler, so no contraction
# into fused multiply-add, no re-association, no x87 excess precision. Warnings of our own code are set here as well; they are
# errors where the tests are built, not where a newer compiler builds a user's wheel.
add_library(snn_compile_rules INTERFACE)
if(MSVC)
  target_compile_options(snn_compile_rules INTERFACE /fp:precise /W4 /permissive- /utf-8)
else()
  target_compile_options(snn_compile_rules INTERFACE -ffp-contract=off -fno-fast-math -fno-math-errno -fno-trapping-math
                         -Wall -Wextra -Wshadow $<$<BOOL:${SNN_BUILD_TESTS}>:-Werror>)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "i[3-6]86")
    target_compile_options(snn_compile_rules INTERFACE -msse2 -mfpmath=sse)
  endif()
endif()
if(SNN_SANITIZE)
  target_compile_options(snn_compile_rules INTERFACE -fsanitize=${SNN_SANITIZE} -fno-omit-frame-pointer
                         -fno-sanitize-recover=all -g1 # lines for stack traces; tracking variables takes minutes
                         # In a third less time: what null and object-size find, AddressSanitizer finds at the access. Alignment
                         # and pointer overflow are then not checked; alignment alone takes two thirds longer.
                         $<$<BOOL:$<TARGET_PROPERTY:SNN_UNCHECKED_POINTERS>>:-fno-sanitize=null,object-size,alignment,pointer-overflow>)
  target_link_options(snn_compile_rules INTERFACE -fsanitize=${SNN_SANITIZE})
endif()
