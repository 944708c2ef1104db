#include "linux/dwarf_symbolizer.hpp"

#include "core/demangle.hpp"
#include "linux/debug_info.hpp"
#include "linux/object_debug_info.hpp"
#include "linux/patch_places.hpp"

#include <iterator>
#include <map>

namespace hotrun {

namespace {

// Of an address in a patch, by the object file that it was made from.
std::vector<StackFrame> frames_in_patch(const PatchSections::Found &found) {
    const auto object = ObjectFile::read({}, *found.object);
    if (!object)
        return {StackFrame{}};
    std::vector<StackFrame> frames = DebugInfo(ObjectDebugInfo(*object).bytes())
                                         .frames_at(ObjectDebugInfo::address_of(found.place));
    // The address is none of its symbol table's, which has the names that the entries lack.
    if (const ObjectSymbol *symbol = object->find_at(found.place.section, found.place.offset))
        frames.back().function = demangle(std::string(symbol->name));
    return frames;
}

} // namespace

std::vector<StackFrame> DwarfSymbolizer::symbolize(const std::vector<CodeAddress> &addresses) {
    std::map<std::string, DebugInfo> files;
    std::vector<StackFrame> frames;
    for (const CodeAddress &code : addresses) {
        std::vector<StackFrame> calls;
        if (const auto patched = PatchSections::at(code.address)) {
            calls = frames_in_patch(*patched);
        } else {
            DebugInfo &file = files.try_emplace(code.file, code.file).first->second;
            calls = file.frames_at(code.address - code.load_bias);
        }
        for (StackFrame &frame : calls) {
            frame.address = code.address;
            frame.library = code.file;
        }
        std::move(calls.begin(), calls.end(), std::back_inserter(frames));
    }
    return frames;
}

} // namespace hotrun
