#include "linux/dwarf_symbolizer.hpp"

#include "linux/debug_info.hpp"

#include <iterator>
#include <map>

namespace hotrun {

std::vector<StackFrame> DwarfSymbolizer::symbolize(const std::vector<CodeAddress> &addresses) {
    std::map<std::string, DebugInfo> files;
    std::vector<StackFrame> frames;
    for (const CodeAddress &code : addresses) {
        DebugInfo &file = files.try_emplace(code.file, code.file).first->second;
        std::vector<StackFrame> calls = file.frames_at(code.address - code.load_bias);
        for (StackFrame &frame : calls) {
            frame.address = code.address;
            frame.library = code.file;
        }
        std::move(calls.begin(), calls.end(), std::back_inserter(frames));
    }
    return frames;
}

} // namespace hotrun
