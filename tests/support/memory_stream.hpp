// A stream to write to that is no file.
#pragma once

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <string>

#include <stdio.h> // open_memstream

namespace hotrun {

class MemoryStream {
  public:
    MemoryStream() : stream_(::open_memstream(&bytes_, &size_)) {}
    MemoryStream(const MemoryStream &) = delete;
    MemoryStream &operator=(const MemoryStream &) = delete;
    ~MemoryStream() {
        std::fclose(stream_);
        std::free(bytes_);
    }

    std::FILE *get() const { return stream_; }

    std::string text() const {
        std::fflush(stream_);
        return {bytes_, size_};
    }

  private:
    char *bytes_ = nullptr;
    std::size_t size_ = 0;
    std::FILE *stream_;
};

} // namespace hotrun
