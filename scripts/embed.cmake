# Writes a C++ file that carries FILES (a list of name=path) inside the program.
#   cmake "-DFILES=a=/x/a;b=/x/b" -DOUTPUT=embedded.cpp -P embed.cmake
set(code "#include \"base/embedded.h\"\n\n#include <iterator>\n\n")
set(table "")
set(index 0)
foreach(pair IN LISTS FILES)
  string(REGEX MATCH "^([^=]+)=(.+)$" matched "${pair}")
  set(name "${CMAKE_MATCH_1}")
  set(path "${CMAKE_MATCH_2}")
  string(APPEND code
    "__asm__(\".section .rodata\\n.balign 16\\nmixagent_embedded_${index}:\\n.incbin \\\"${path}\\\"\\nmixagent_embedded_${index}_end:\\n.byte 0\\n.previous\\n\");\n"
    "extern \"C\" const char mixagent_embedded_${index}[];\nextern \"C\" const char mixagent_embedded_${index}_end[];\n")
  string(APPEND table
    "    {\"${name}\", {mixagent_embedded_${index}, mixagent_embedded_${index}_end}},\n")
  math(EXPR index "${index} + 1")
endforeach()
string(APPEND code "\nnamespace mixagent {\n\nconst std::vector<EmbeddedFile>& embedded_files() {\n  static const std::vector<EmbeddedFile> files = {\n${table}  };\n  return files;\n}\n\n}  // namespace mixagent\n")
file(WRITE ${OUTPUT} "${code}")
