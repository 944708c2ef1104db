#include "e2e/random_layout.hpp"

#include <algorithm>
#include <iterator>
#include <random>
#include <vector>

namespace hotrun::e2e {

namespace {

constexpr const char *kNumbers[] = {"int",           "long",   "short",    "signed char",
                                    "unsigned char", "float",  "unsigned", "long long",
                                    "unsigned long", "double", "char"};

// One member: how it is declared in each version, how it is filled and checked.
struct Member {
    std::string declarations[2]; // empty: it is not in that version
    std::string fill;            // of `s`
    std::string check;           // an expression of `s`
};

class Generator {
  public:
    explicit Generator(unsigned seed) : random_(seed) {}

    RandomLayouts run(int count) {
        RandomLayouts result;
        std::string cases;
        for (int i = 0; i < count; ++i) {
            add_struct("S" + std::to_string(i), result);
            cases += "    {make<S" + std::to_string(i) + ">, holds<S" + std::to_string(i) + ">},\n";
        }
        for (int version : {0, 1})
            result.versions[version] =
                kHead + result.versions[version] + "constexpr Case kCases[] = {\n" + cases +
                "};\n" + "constexpr int kVersion = " + std::to_string(version + 1) + ";\n" + kTail;
        return result;
    }

  private:
    int below(int end) { return std::uniform_int_distribution<>(0, end - 1)(random_); }
    bool one_in(int count) { return below(count) == 0; }
    std::string number_type() { return kNumbers[below(std::size(kNumbers))]; }

    void add_struct(const std::string &name, RandomLayouts &result) {
        std::vector<Member> members;
        const int count = 1 + below(10);
        for (int i = 0; i < count; ++i)
            members.push_back(member(name, "m" + std::to_string(i), result));
        for (int version : {0, 1}) {
            std::shuffle(members.begin(), members.end(), random_);
            std::string &text = result.versions[version];
            std::string body;
            std::string fill;
            std::string check;
            for (const Member &each : members) {
                if (each.declarations[version].empty())
                    continue;
                body += "    " + each.declarations[version] + ";\n";
                const bool is_in_both = !each.declarations[1 - version].empty();
                fill += "    " + each.fill + "\n";
                check += is_in_both ? " && " + each.check : "";
            }
            text += "struct " + name + " {\n" + body + "};\n";
            text += "void fill(hotrun_context *context, " + name + " &s) {\n    (void)context;\n" +
                    fill + "}\n";
            text += "bool check(const " + name + " &s) {\n    (void)s;\n    return true" + check +
                    ";\n}\n";
        }
    }

    Member member(const std::string &struct_name, const std::string &name, RandomLayouts &result) {
        const std::string value = std::to_string(1 + below(100));
        Member member;
        const int kind = below(7);
        switch (kind) {
        case 0: { // an array
            const int counts[] = {1 + below(5), 1 + below(5)};
            const std::string last = std::to_string(std::min(counts[0], counts[1]) - 1);
            for (int version : {0, 1})
                member.declarations[version] =
                    number_type() + " " + name + "[" + std::to_string(counts[version]) + "]";
            member.fill = "s." + name + "[" + last + "] = " + value + ";";
            member.check = "s." + name + "[" + last + "] == " + value;
            break;
        }
        case 1: { // a bit-field
            for (int version : {0, 1})
                member.declarations[version] =
                    "unsigned " + name + " : " + std::to_string(7 + below(20));
            member.fill = "s." + name + " = " + value + ";";
            member.check = "s." + name + " == " + value;
            break;
        }
        case 2: { // an enumeration
            const std::string type = "E_" + struct_name + name;
            std::vector<std::string> names = {"a", "b", "c", "d"};
            for (int version : {0, 1}) {
                std::shuffle(names.begin(), names.end(), random_);
                std::string all;
                for (const std::string &each : names)
                    all += type + "_" + each + ", ";
                result.versions[version] += "enum " + type + " { " + all + "};\n";
                member.declarations[version] = type + " " + name;
            }
            member.fill = "s." + name + " = " + type + "_c;";
            member.check = "s." + name + " == " + type + "_c";
            break;
        }
        case 3: { // a struct
            const std::string type = "N_" + struct_name + name;
            for (int version : {0, 1}) {
                std::string x = number_type() + " x;";
                std::string y = number_type() + " y;";
                if (one_in(2))
                    std::swap(x, y);
                result.versions[version] += "struct " + type + " { " + x + " " + y + " };\n";
                member.declarations[version] = type + " " + name;
            }
            member.fill = "s." + name + ".x = " + value + ";";
            member.check = "s." + name + ".x == " + value;
            break;
        }
        case 4: { // a pointer into the heap
            const std::string type = "P_" + struct_name + name;
            for (int version : {0, 1}) {
                result.versions[version] += "struct " + type + " { " +
                                            (one_in(2) ? number_type() + " other; " : "") +
                                            number_type() + " x; };\n";
                member.declarations[version] = type + " *" + name;
            }
            member.fill = "s." + name + " = HOTRUN_NEW(context, " + type + "); s." + name +
                          "->x = " + value + ";";
            member.check = "s." + name + "->x == " + value;
            break;
        }
        case 5: { // a pointer to the object itself
            for (int version : {0, 1})
                member.declarations[version] = struct_name + " *" + name;
            member.fill = "s." + name + " = &s;";
            member.check = "s." + name + " == &s";
            break;
        }
        default: {
            for (int version : {0, 1})
                member.declarations[version] = number_type() + " " + name;
            member.fill = "s." + name + " = " + value + ";";
            member.check = "s." + name + " == " + value;
        }
        }
        const bool has_blocks = kind == 4; // whose type may not be gone
        if (!has_blocks && one_in(4))
            member.declarations[below(2)].clear();
        return member;
    }

    static constexpr const char *kHead = R"(#include "hotrun/module.h"
#include <cstdio>
)";
    static constexpr const char *kTail = R"(
constexpr int kCount = sizeof kCases / sizeof kCases[0];
struct Root {
    void *states[kCount];
};
extern "C" void hotrun_init(hotrun_context *context) {
    Root *root = HOTRUN_NEW(context, Root);
    context->state = root;
    for (int i = 0; i < kCount; ++i)
        root->states[i] = kCases[i].make(context);
}
extern "C" void hotrun_reload(hotrun_context *context) {
    const Root *root = static_cast<const Root *>(context->state);
    int count = 0;
    for (int i = 0; i < kCount; ++i) {
        if (kCases[i].holds(root->states[i]))
            ++count;
        else
            std::printf("<lost S%d>\n", i);
    }
    std::printf("<version %d: %d of %d hold>\n", kVersion, count, kCount);
    std::fflush(stdout);
}
extern "C" void hotrun_step(hotrun_context *) {}
)";

    std::mt19937 random_;
};

} // namespace

RandomLayouts random_layouts(unsigned seed, int count) {
    RandomLayouts layouts = Generator(seed).run(count);
    const std::string templates = R"(template <typename T>
void *make(hotrun_context *context) {
    T *state = HOTRUN_NEW(context, T);
    fill(context, *state);
    return state;
}
template <typename T>
bool holds(const void *state) {
    return check(*static_cast<const T *>(state));
}
struct Case {
    void *(*make)(hotrun_context *);
    bool (*holds)(const void *);
};
)";
    for (std::string &version : layouts.versions)
        version.insert(version.find("constexpr Case"), templates);
    return layouts;
}

} // namespace hotrun::e2e
