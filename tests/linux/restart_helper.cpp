// Replaces itself, and the process that takes over tells on standard output what it finds:
//     restart_helper SCENARIO [ARGUMENT]
#include "guarded_faults.hpp"
#include "linux/guarded_library_loader.hpp"
#include "linux/heap_mapping.hpp"
#include "linux/yielding_thread.hpp"

#include <cstdio>
#include <iostream>
#include <map>
#include <thread>

#include <fcntl.h>
#include <sched.h>
#include <sys/wait.h>

namespace hotrun {
namespace {

constexpr std::size_t kHeapBytes = std::size_t{1} << 20;
constexpr std::chrono::milliseconds kConstructorLimit{100};

// What the process that takes over tells.

void tell_descriptors() {
    std::vector<int> descriptors;
    for (const auto &entry : std::filesystem::directory_iterator("/proc/self/fd")) {
        std::error_code gone; // the one by which the folder is read
        const auto target = std::filesystem::read_symlink(entry.path(), gone).string();
        if (!target.empty() && !target.ends_with("/fd"))
            std::cout << "descriptor " << target << '\n';
    }
}

void tell_signal_mask() {
    sigset_t mask;
    ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    for (int signal = 1; signal < SIGRTMIN; ++signal) {
        if (sigismember(&mask, signal) == 1)
            std::cout << "blocked " << signal << '\n';
    }
}

void tell_heap(const ModuleRecord &module) {
    if (module.heap_descriptor < 0)
        return;
    const auto heap = HeapMapping::adopt(module.heap_descriptor, module.heap_bytes);
    if (!heap)
        std::cout << "heap " << heap.error().message << '\n';
    else
        std::cout << "heap " << (*heap)->base() << ' ' << static_cast<const char *>((*heap)->base())
                  << '\n';
}

int tell(ProcessRestart &restart) {
    tell_descriptors();
    tell_signal_mask();
    std::cout << std::boolalpha << "pid " << ::getpid() << "\ntaken_over " << restart.taken_over()
              << "\nvariable " << (::getenv("HOTRUN_RESTART") != nullptr) << "\nrestarts "
              << restart.record().restarts_in_vain << "\npolicy " << ::sched_getscheduler(0)
              << '\n';
    const FailureRecord &failure = restart.record().failure;
    std::cout << "where " << static_cast<int>(failure.where) << "\nreason "
              << to_word(failure.reason) << "\nsignal " << failure.signal << ' '
              << failure.signal_number << "\nlibrary " << failure.library << ' '
              << failure.library_timestamp.size_bytes << "\nexception " << failure.exception_type
              << "\nsteps_lost " << failure.steps_lost << '\n';
    if (failure.has_address)
        std::cout << "address " << failure.address << '\n';
    for (std::size_t i = 0; i < failure.frame_count; ++i)
        std::cout << "frame " << failure.frames[i].file << '\n';
    restart.end_children();
    for (const auto &child : restart.record().children)
        std::cout << "child " << child << '\n';
    std::cout << "zombies " << (::waitpid(-1, nullptr, WNOHANG) >= 0) << '\n';
    tell_heap(restart.record().modules()[0]);
    return 0;
}

// What the first process does.

int replace(ProcessRestart &restart, const std::string & /*argument*/) {
    restart.replace_process();
    return 2;
}

int replace_on_other_thread(ProcessRestart &restart, const std::string & /*argument*/) {
    std::thread([&] {
        yield_to_others();
        restart.replace_process();
    }).join();
    return 2;
}

int replace_blocked(ProcessRestart &restart, const std::string & /*argument*/) {
    sigset_t all;
    sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, nullptr);
    restart.replace_process();
    return 2;
}

int replace_printing(ProcessRestart &restart, const std::string &argument) {
    std::fputs(argument.c_str(), stdout); // stays in the buffer
    restart.replace_process();
    return 2;
}

// Nobody but the reader of the buffer's text could unlock the stream.
int replace_while_printing(ProcessRestart &restart, const std::string & /*argument*/) {
    const Gate locked;
    std::thread([&] {
        ::flockfile(stdout);
        locked.open();
    }).detach();
    locked.wait();
    restart.replace_process();
    return 2;
}

int replace_deleted(ProcessRestart &restart, const std::string & /*argument*/) {
    std::filesystem::remove(std::filesystem::read_symlink("/proc/self/exe"));
    restart.replace_process();
    return 2;
}

int replace_with_children(ProcessRestart &restart, const std::string &argument) {
    for (std::size_t i = 0; i < 2; ++i) {
        const pid_t child = ::fork();
        if (child == 0) {
            ::setsid();
            ::execl("/bin/sh", "sh", "-c", argument.c_str(), nullptr);
            ::_exit(127);
        }
        restart.record().children[i] = child;
    }
    restart.replace_process();
    return 2;
}

int replace_with_heap(ProcessRestart &restart, const std::string &argument) {
    auto heap = HeapMapping::create(kHeapBytes);
    if (!heap)
        return 3;
    auto *text = static_cast<char *>((*heap)->base());
    std::snprintf(text, 100, "%s", argument.c_str());
    static_cast<void>((*heap)->take(100, HeapImage::Memory::kKept));
    std::snprintf(text, 100, "written after the image");
    ModuleRecord &module = restart.record().modules()[0];
    module.heap_bytes = (*heap)->bytes();
    module.heap_descriptor = (*heap)->descriptor();
    restart.replace_process();
    return 2;
}

int call(ProcessRestart &restart, const std::string &function) {
    LoadedFaults faults;
    CrashGuard guard(restart, kLiveCopyMark);
    restart.record().modules()[0].step = 5;
    faults.context.step = 7;
    faults.shared.call_back = [](Guard::Function called, hotrun_context *context) {
        called(context);
        ++context->step;
    };
    guard.call({0, CallKind::kStep}, faults.function(function), &faults.context);
    return 2;
}

// Again and again, but never while the answer may still come: signals would pile up.
void interrupt_until_left(CrashGuard &guard) {
    while (true) {
        guard.interrupt(guard.current_call());
        const auto patience = std::chrono::steady_clock::now() + std::chrono::milliseconds(10);
        while (!guard.found_unsafe() && std::chrono::steady_clock::now() < patience)
            std::this_thread::yield();
    }
}

int interrupt(ProcessRestart &restart, const std::string &function) {
    LoadedFaults faults;
    CrashGuard guard(restart, kLiveCopyMark);
    std::thread([&] {
        if (faults.event.wait())
            interrupt_until_left(guard);
    }).detach();
    guard.call({0, CallKind::kStep}, faults.function(function), &faults.context);
    return 2;
}

int load_on_this_thread(ProcessRestart &restart, const std::string &fault) {
    CrashGuard guard(restart, kLiveCopyMark);
    DlLibraryLoader loader;
    GuardedLibraryLoader guarded(loader, restart, kConstructorLimit);
    ::setenv("FIXTURE_FAULT", fault.c_str(), 1);
    try {
        auto library = guarded.load(beside_this_program("fixture_constructor.so"),
                                    {"/a/library.so", {0, 77, 0, 0}});
        if (!library)
            std::cerr << library.error().message << '\n';
        library->reset();
    } catch (...) {
        std::cerr << "the exception came through the dynamic linker\n";
    }
    return 4;
}

int load_on_other_thread(ProcessRestart &restart, const std::string &fault) {
    CrashGuard guard(restart, kLiveCopyMark);
    DlLibraryLoader loader;
    GuardedLibraryLoader guarded(loader, restart, kConstructorLimit);
    ::setenv("FIXTURE_FAULT", fault.c_str(), 1);
    std::thread([&] {
        const AlternateStack stack;
        auto library = guarded.load(beside_this_program("fixture_constructor.so"),
                                    {"/a/library.so", {0, 77, 0, 0}});
        library->reset();
    }).detach();
    while (!restart.host_is_asked())
        std::this_thread::yield();
    std::cout << "host_is_asked true\n";
    restart.replace_process();
    return 2;
}

using Scenario = int (*)(ProcessRestart &, const std::string &);
const std::map<std::string, Scenario> kScenarios = {
    {"replace", replace},
    {"replace-on-other-thread", replace_on_other_thread},
    {"replace-blocked", replace_blocked},
    {"replace-printing", replace_printing},
    {"replace-while-printing", replace_while_printing},
    {"replace-deleted", replace_deleted},
    {"replace-with-children", replace_with_children},
    {"replace-with-heap", replace_with_heap},
    {"call", call},
    {"interrupt", interrupt},
    {"load", load_on_this_thread},
    {"load-on-other-thread", load_on_other_thread},
};

int run(const std::string &scenario, const std::string &argument) {
    const bool replaced = process_was_replaced();
    auto restart = ProcessRestart::create(1, [] {});
    if (!restart)
        return 5;
    // Again while a scenario replaces itself for ever.
    const bool again = argument == "again" && (*restart)->record().has_tries_left();
    return replaced && !again ? tell(**restart) : kScenarios.at(scenario)(**restart, argument);
}

} // namespace
} // namespace hotrun

int main(int argc, char **argv) {
    hotrun::dump_no_core();
    return hotrun::run(argc > 1 ? argv[1] : "", argc > 2 ? argv[2] : "");
}
