#include "completions.hpp"

#include <string_view>

namespace hotrun {

namespace {

std::string replaced(std::string text, std::string_view what, std::string_view with) {
    for (std::size_t at = text.find(what); at != std::string::npos;
         at = text.find(what, at + with.size()))
        text.replace(at, what.size(), with);
    return text;
}

std::string in_quotes(const std::string &text) {
    return "'" + replaced(text, "'", "'\\''") + "'";
}

std::string joined(const std::vector<std::string> &words) {
    std::string text;
    for (const std::string &word : words)
        text += (text.empty() ? "" : " ") + word;
    return text;
}

std::vector<std::string> written(const OptionWords &option) {
    std::vector<std::string> words = {"--" + option.name};
    if (option.letter != 0)
        words.push_back(std::string("-") + option.letter);
    return words;
}

// Those that are words of their own.
std::vector<std::string> names_of(const std::vector<SubcommandWords> &subcommands) {
    std::vector<std::string> names;
    for (const SubcommandWords &each : subcommands) {
        if (!each.word.empty())
            names.push_back(each.word);
    }
    return names;
}

enum class Paths { kNone, kFolders, kFiles };

// By what the help calls them: "DIR", "[DIR]", "FILE", "FILE...".
Paths paths_in(std::string_view place) {
    return place.find("DIR") != std::string_view::npos    ? Paths::kFolders
           : place.find("FILE") != std::string_view::npos ? Paths::kFiles
                                                          : Paths::kNone;
}

std::string bash_paths(std::string_view place) {
    switch (paths_in(place)) {
    case Paths::kFolders:
        return "paths=directory ";
    case Paths::kFiles:
        return "paths=file ";
    case Paths::kNone:
        break;
    }
    return "";
}

std::string bash_case(const SubcommandWords &subcommand, const std::string &others) {
    std::vector<std::string> names;
    std::string text =
        "    " + (subcommand.word.empty() ? "*" : subcommand.word) + ")\n        case $before in\n";
    for (const OptionWords &option : subcommand.options) {
        const std::vector<std::string> spellings = written(option);
        names.insert(names.end(), spellings.begin(), spellings.end());
        if (option.value.empty())
            continue;
        text += "        " + replaced(joined(spellings), " ", " | ") + ") " +
                (option.choices.empty() ? "" : "words='" + joined(option.choices) + "' ") +
                bash_paths(option.value) + ";;\n";
    }
    return text + "        *) words='" + joined(names) + others + "' " +
           bash_paths(subcommand.operands) + ";;\n        esac\n        ;;\n";
}

std::string zsh_action(const OptionWords &option) {
    if (!option.choices.empty())
        return "(" + joined(option.choices) + ")";
    switch (paths_in(option.value)) {
    case Paths::kFolders:
        return "_directories";
    case Paths::kFiles:
        return "_files";
    case Paths::kNone:
        break;
    }
    return " ";
}

std::string zsh_option(const OptionWords &option) {
    const std::string help = replaced(replaced(option.help, "[", "\\["), "]", "\\]");
    const std::vector<std::string> spellings = written(option);
    std::string text;
    for (const std::string &spelling : spellings) {
        const bool is_letter = spelling.size() == 2;
        const char *sign = option.value.empty() ? "" : is_letter ? "+" : "=";
        std::string spec = "(" + joined(spellings) + ")" + spelling + sign + "[" + help + "]";
        if (!option.value.empty())
            spec += ":" + option.value + ":" + zsh_action(option);
        text += " \\\n            " + in_quotes(spec);
    }
    return text;
}

// What may stand there beside options.
std::string zsh_operands(const SubcommandWords &subcommand,
                         const std::vector<SubcommandWords> &subcommands) {
    std::string spec;
    if (subcommand.word.empty()) {
        spec = "1:subcommand:((";
        for (const SubcommandWords &each : subcommands) {
            if (!each.word.empty())
                spec += each.word + "\\:\"" + replaced(each.summary, ":", "\\:") + "\" ";
        }
        spec += "))";
    } else if (paths_in(subcommand.operands) != Paths::kNone) {
        spec = paths_in(subcommand.operands) == Paths::kFolders ? "1:folder:_directories"
                                                                : "*:file:_files";
    } else {
        return "";
    }
    return " \\\n            " + in_quotes(spec);
}

std::string fish_option(const OptionWords &option) {
    std::string text = " -l " + option.name;
    if (option.letter != 0)
        text += std::string(" -s ") + option.letter;
    if (!option.choices.empty())
        text += " -x -a " + in_quotes(joined(option.choices));
    else if (paths_in(option.value) == Paths::kFolders)
        text += " -x -a '(__fish_complete_directories)'";
    else if (paths_in(option.value) == Paths::kFiles)
        text += " -r -F";
    else if (!option.value.empty())
        text += " -x";
    return text + " -d " + in_quotes(option.help);
}

std::string fish_condition(const SubcommandWords &subcommand, const std::string &names) {
    return subcommand.word.empty() ? "'not __fish_seen_subcommand_from " + names + "'"
                                   : "'__fish_seen_subcommand_from " + subcommand.word + "'";
}

} // namespace

std::string bash_completions(const std::vector<SubcommandWords> &subcommands) {
    std::string text = R"(# Completions of hotrun for bash.
_hotrun() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
    local subcommand= words= paths=
    ((COMP_CWORD > 1)) && subcommand=${COMP_WORDS[1]}
    if [[ $word == = ]]; then # bash takes --guard=on for three words
        word=
    elif [[ $before == = ]]; then
        before=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    case $subcommand in
)";
    std::string without_word;
    for (const SubcommandWords &each : subcommands) {
        if (each.word.empty())
            without_word = bash_case(each, " " + joined(names_of(subcommands)));
        else
            text += bash_case(each, "");
    }
    return text + without_word + R"(    esac
    mapfile -t COMPREPLY < <(
        compgen -W "$words" -- "$word"
        [[ -n $paths ]] && compgen -A "$paths" -- "$word"
    )
    [[ -z $paths ]] || compopt -o filenames 2>/dev/null
}
complete -F _hotrun hotrun
)";
}

std::string zsh_completions(const std::vector<SubcommandWords> &subcommands) {
    std::string text = R"(#compdef hotrun
# Completions of hotrun for zsh.
_hotrun() {
    local subcommand=
    ((CURRENT > 2)) && subcommand=$words[2]
    case $subcommand in
)";
    std::string without_word;
    for (const SubcommandWords &each : subcommands) {
        std::string branch = "    " + (each.word.empty() ? "*" : each.word) + ")\n";
        if (!each.word.empty())
            branch += "        shift words\n        ((CURRENT--))\n";
        branch += "        _arguments -s";
        for (const OptionWords &option : each.options)
            branch += zsh_option(option);
        branch += zsh_operands(each, subcommands) + "\n        ;;\n";
        (each.word.empty() ? without_word : text) += branch;
    }
    return text + without_word + "    esac\n}\n_hotrun \"$@\"\n";
}

std::string fish_completions(const std::vector<SubcommandWords> &subcommands) {
    const std::string names = joined(names_of(subcommands));
    const std::string command = "complete -c hotrun";
    std::string text = "# Completions of hotrun for fish.\n" + command + " -f\n";
    for (const SubcommandWords &each : subcommands) {
        if (!each.word.empty())
            text += command + " -n __fish_use_subcommand -a " + each.word + " -d " +
                    in_quotes(each.summary) + "\n";
        const std::string here = command + " -n " + fish_condition(each, names);
        for (const OptionWords &option : each.options)
            text += here + fish_option(option) + "\n";
        if (paths_in(each.operands) == Paths::kFolders)
            text += here + " -a '(__fish_complete_directories)'\n";
        else if (paths_in(each.operands) == Paths::kFiles)
            text += here + " -F\n";
    }
    return text;
}

} // namespace hotrun
