// The record of a run, in memory of this process alone.
#pragma once

#include "core/run_record.hpp"

#include <new>
#include <vector>

namespace hotrun {

class RunRecordMemory {
  public:
    explicit RunRecordMemory(std::size_t module_count)
        : memory_(RunRecord::bytes_for(module_count)), record_(new (memory_.data()) RunRecord) {
        record_->bytes = memory_.size();
        record_->module_count = module_count;
        for (std::size_t i = 0; i < module_count; ++i)
            new (record_->modules() + i) ModuleRecord;
    }
    RunRecordMemory(const RunRecordMemory &) = delete;
    RunRecordMemory &operator=(const RunRecordMemory &) = delete;

    RunRecord &record() { return *record_; }

  private:
    std::vector<std::byte> memory_;
    RunRecord *record_;
};

} // namespace hotrun
