// An object file, with what its debug information says.
#pragma once

#include "core/code_patch.hpp"
#include "linux/object_types.hpp"

#include <optional>
#include <vector>

namespace hotrun {

class DwarfReadObject final : public ReadObject {
  public:
    explicit DwarfReadObject(ObjectFile file) : file_(std::move(file)) {}

    const ObjectFile &file() const override { return file_; }
    void read_ahead() override;

    const ObjectTypes &types() {
        read_ahead();
        return *types_;
    }
    const std::vector<ObjectPlace> &line_starts() {
        read_ahead();
        return line_starts_;
    }

  private:
    ObjectFile file_;
    std::optional<ObjectTypes> types_; // none: nothing has been read
    std::vector<ObjectPlace> line_starts_;
};

} // namespace hotrun
