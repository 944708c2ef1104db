// Prints the completions for a shell, while hotrun is built.
#include "completions.hpp"

#include <cstdio>
#include <string_view>

int main(int, char **argv) {
    using namespace hotrun;
    const std::string_view shell = argv[1];
    const std::vector<SubcommandWords> words = command_words();
    const std::string text = shell == "bash"  ? bash_completions(words)
                             : shell == "zsh" ? zsh_completions(words)
                                              : fish_completions(words);
    std::fputs(text.c_str(), stdout);
    return 0;
}
