// A synthesiser: `hotrun synth` writes synth.wav, one block a step. Change wave() and save: the
// sound changes in the middle of the file, without a click.
#include <hotrun/module.hpp>

#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <numbers>
#include <vector>

namespace {

constexpr std::uint32_t kRate = 44100;
constexpr std::uint32_t kBlockSamples = kRate / 20;
constexpr std::uint32_t kSampleBytes = sizeof(std::int16_t);
constexpr std::uint32_t kHeaderBytes = 44;

// Lives in the permanent heap. It says where the next block goes: after a roll back the failed one
// is written over.
struct Voice {
    std::uint32_t blocks = 0;
    double phase = 0; // of the wave, from 0 to 1
};

// The wave's value, from -1 to 1, at a phase from 0 to 1.
double wave(double phase) {
    return std::sin(2 * std::numbers::pi * phase);
}

double frequency_of(std::uint32_t block) {
    constexpr std::array kMelody = {220.0, 277.18, 329.63, 440.0};
    constexpr std::uint32_t kBlocksOfNote = 5;
    return kMelody[block / kBlocksOfNote % kMelody.size()];
}

const char *file_name() {
    const char *name = std::getenv("SYNTH_WAV");
    return name != nullptr ? name : "synth.wav";
}

// Little-endian, as the format has it and as the machines that hotrun runs on do.
template <typename Number>
void put(std::array<char, kHeaderBytes> &header, std::size_t at, Number number) {
    std::memcpy(header.data() + at, &number, sizeof number);
}

// One channel of 16 bits.
std::array<char, kHeaderBytes> header_for(std::uint32_t samples) {
    std::array<char, kHeaderBytes> header{};
    std::memcpy(header.data(), "RIFF....WAVEfmt ", 16);
    put<std::uint32_t>(header, 4, kHeaderBytes - 8 + samples * kSampleBytes);
    put<std::uint32_t>(header, 16, 16); // bytes of the format
    put<std::uint16_t>(header, 20, 1);  // plain samples
    put<std::uint16_t>(header, 22, 1);  // channels
    put<std::uint32_t>(header, 24, kRate);
    put<std::uint32_t>(header, 28, kRate * kSampleBytes);
    put<std::uint16_t>(header, 32, kSampleBytes);
    put<std::uint16_t>(header, 34, 8 * kSampleBytes);
    std::memcpy(header.data() + 36, "data", 4);
    put<std::uint32_t>(header, 40, samples * kSampleBytes);
    return header;
}

std::vector<std::int16_t> render(Voice &voice, double frequency) {
    std::vector<std::int16_t> samples;
    for (std::uint32_t i = 0; i < kBlockSamples; ++i) {
        samples.push_back(static_cast<std::int16_t>(std::lround(0.8 * 32767 * wave(voice.phase))));
        voice.phase += frequency / kRate;
        voice.phase -= std::floor(voice.phase);
    }
    return samples;
}

// The file is a whole one after each block.
bool write(std::uint32_t block, const std::vector<std::int16_t> &samples) {
    std::FILE *file = std::fopen(file_name(), block == 0 ? "wb" : "r+b");
    if (file == nullptr)
        return false;
    const auto header = header_for((block + 1) * kBlockSamples);
    bool good = std::fwrite(header.data(), header.size(), 1, file) == 1;
    good &= std::fseek(file, static_cast<long>(kHeaderBytes + block * kBlockSamples * kSampleBytes),
                       SEEK_SET) == 0;
    good &= std::fwrite(samples.data(), kSampleBytes, samples.size(), file) == samples.size();
    return std::fclose(file) == 0 && good;
}

} // namespace

extern "C" void hotrun_init(hotrun_context *context) {
    hotrun::state<Voice>(context) = {}; // a new file in each run
}

extern "C" void hotrun_step(hotrun_context *context) {
    Voice &voice = hotrun::state<Voice>(context);
    const double frequency = frequency_of(voice.blocks);
    std::printf("block %u: %.2f Hz from phase %.9f\n", voice.blocks, frequency, voice.phase);
    if (!write(voice.blocks, render(voice, frequency))) {
        context->log(context, HOTRUN_LOG_ERROR,
                     "can't write the WAV file; is the folder writable?");
        context->stop(context, 1);
    }
    ++voice.blocks;
}
