#include "lzw.hpp"

#include <algorithm>
#include <array>

namespace pp {

namespace {

constexpr unsigned kClear = 256, kEnd = 257, kFirst = 258, kLimit = 4096;

// A word of the table is a stretch of what was already written: where it starts and how long it is.
struct Word {
    std::size_t start;
    std::size_t length;
};

// Reads codes of 9 to 12 bits, most significant first.
class Codes {
  public:
    Codes(const std::uint8_t* data, std::size_t count) : data_(data), count_(count) {}

    bool next(unsigned width, unsigned& code) {
        while (bits_ < width) {
            if (at_ == count_) return false;
            window_ = (window_ << 8) | data_[at_++];
            bits_ += 8;
        }
        bits_ -= width;
        code = static_cast<unsigned>(window_ >> bits_) & ((1u << width) - 1u);
        return true;
    }

  private:
    const std::uint8_t* data_;
    std::size_t count_, at_ = 0;
    std::uint64_t window_ = 0;
    unsigned bits_ = 0;
};

unsigned width_for(unsigned words) { return words + 1 < 512 ? 9 : words + 1 < 1024 ? 10 : words + 1 < 2048 ? 11 : 12; }

}  // namespace

LzwResult unpack_lzw(const std::uint8_t* packed, std::size_t count, std::uint8_t* out, std::size_t size) {
    std::array<Word, kLimit> table{};
    Codes codes(packed, count);
    unsigned words = 0;  // 0 until the first clear code
    bool fresh = true;   // nothing written since the clear code
    Word previous{0, 0};
    std::size_t at = 0;
    while (at < size) {
        unsigned code = 0;
        if (!codes.next(width_for(words), code) || code == kEnd) return {LzwEnd::cut_off, at, 0};
        if (code == kClear) {
            words = kFirst;
            fresh = true;
            continue;
        }
        if (words == 0 || (fresh ? code > kEnd : code > words)) return {LzwEnd::bad_code, at, code};
        // The newest word may be named before it is entered: it is the previous one and its own first byte, which
        // stands right behind it in the output once its copy has begun.
        const bool literal = code < kClear;
        const Word word = literal        ? Word{at, 1}
                          : code < words ? table[code]
                                         : Word{previous.start, previous.length + 1};
        if (!fresh && words < kLimit) table[words++] = {previous.start, previous.length + 1};
        const std::size_t length = std::min(word.length, size - at);
        if (literal) {
            out[at] = static_cast<std::uint8_t>(code);
        } else {
            const std::uint8_t* from = out + word.start;  // may overlap what is being written: byte by byte
            for (std::size_t i = 0; i < length; ++i) out[at + i] = from[i];
        }
        previous = {at, word.length};
        at += length;
        fresh = false;
    }
    return {LzwEnd::whole, at, 0};
}

}  // namespace pp
