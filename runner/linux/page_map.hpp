// /proc/self/pagemap: which pages of private mappings were written (proc_pid_pagemap(5)).
#pragma once

#include "core/written_memory.hpp"
#include "linux/unique_fd.hpp"

#include <cstdint>

namespace hotrun {

class PageMap final : public WrittenMemory {
  public:
    PageMap();

    std::vector<std::span<std::byte>> written_in(std::span<std::byte> memory) override;
    void drop(std::span<std::byte> pages) override;

  private:
    bool read(std::uintptr_t first_page, std::size_t count);

    UniqueFd file_; // none: all counts as written
    std::vector<std::uint64_t> words_;
};

} // namespace hotrun
