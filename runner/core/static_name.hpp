// What a static variable is called.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace hotrun {

// Some of its texts, with their hash.
class StaticKey {
  public:
    StaticKey(std::string_view file, std::string_view symbol, std::string_view name);

    std::size_t hash() const { return hash_; }
    bool operator==(const StaticKey &other) const {
        return this == &other || (hash_ == other.hash_ && symbol_ == other.symbol_ &&
                                  name_ == other.name_ && file_ == other.file_);
    }

  private:
    std::string_view file_;
    std::string_view symbol_;
    std::string_view name_;
    std::size_t hash_;
};

// Made once, and shared by all libraries in which the variable's unit is the same.
class StaticName {
  public:
    StaticName(std::string name, std::string symbol, std::string file);
    StaticName(const StaticName &) = delete;
    StaticName &operator=(const StaticName &) = delete;

    const std::string &name() const { return name_; }
    const std::string &symbol() const { return symbol_; }
    const std::string &file() const { return file_; }

    // By which it is known again.
    const StaticKey &key() const { return key_; }

    // That of all that differ only in numbers which an edit elsewhere changes.
    const StaticKey &family() const { return family_; }

    // Its name alone.
    const StaticKey &bare() const { return bare_; }

  private:
    std::string name_;
    std::string symbol_;
    std::string file_;
    StaticKey key_;
    StaticKey family_;
    StaticKey bare_;
};

} // namespace hotrun
