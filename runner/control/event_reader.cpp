#include "control/event_reader.hpp"

#include "control/event_json.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

namespace hotrun {

namespace {

namespace json = boost::json;

// The fields of an object. Who asks for one that is missing or of another type makes it unfit.
class Fields {
  public:
    explicit Fields(const json::object &object) : object_(object) {}

    bool fit() const { return fit_; }

    std::string text(const char *name) {
        const json::value *value = find(name);
        return value != nullptr && value->is_string() ? std::string(value->get_string()) : wrong();
    }

    // Empty: null.
    std::string text_or_null(const char *name) {
        const json::value *value = find(name);
        return value != nullptr && value->is_null() ? std::string() : text(name);
    }

    template <typename Number>
    Number number(const char *name) {
        const json::value *value = find(name);
        boost::system::error_code error;
        const Number read = value == nullptr ? Number{} : value->to_number<Number>(error);
        fit_ &= !error;
        return read;
    }

    Microseconds time(const char *name) { return Microseconds(number<std::int64_t>(name)); }

    bool flag(const char *name) {
        const json::value *value = find(name);
        fit_ &= value != nullptr && value->is_bool();
        return fit_ && value->get_bool();
    }

    // An older version does not tell it.
    bool flag_if_told(const char *name) { return object_.contains(name) && flag(name); }

    // The enumerator up to `last` that has this word.
    template <typename Word>
    Word word(const char *name, Word last) {
        const std::string given = text(name);
        for (int i = 0; i <= static_cast<int>(last); ++i) {
            if (to_word(static_cast<Word>(i)) == given)
                return static_cast<Word>(i);
        }
        fit_ = false;
        return {};
    }

    template <typename Item>
    std::vector<Item> list(const char *name, Item (*read)(Fields &)) {
        std::vector<Item> items;
        const json::value *value = find(name);
        if (value == nullptr || !value->is_array()) {
            fit_ = false;
            return items;
        }
        for (const json::value &element : value->get_array())
            read_object(element, [&](Fields &fields) { items.push_back(read(fields)); });
        return items;
    }

    template <typename Read>
    void object(const char *name, Read read) {
        if (const json::value *value = find(name))
            read_object(*value, read);
    }

  private:
    const json::value *find(const char *name) {
        const json::value *value = object_.if_contains(name);
        fit_ &= value != nullptr;
        return value;
    }

    template <typename Read>
    void read_object(const json::value &value, Read read) {
        const json::object *object = value.if_object();
        fit_ &= object != nullptr;
        if (object == nullptr)
            return;
        Fields fields(*object);
        read(fields);
        fit_ &= fields.fit();
    }

    std::string wrong() {
        fit_ = false;
        return {};
    }

    const json::object &object_;
    bool fit_ = true;
};

// "0x10".
std::uint64_t from_hex(std::string_view text) {
    std::uint64_t number = 0;
    if (text.starts_with("0x"))
        std::from_chars(text.data() + 2, text.data() + text.size(), number, 16);
    return number;
}

ModuleStatus read_module(Fields &fields) {
    return {.name = fields.text("name"),
            .library = fields.text("library"),
            .generation = fields.number<std::uint64_t>("generation")};
}

StackFrame read_frame(Fields &fields) {
    return {.address = from_hex(fields.text("address")),
            .function = fields.text("function"),
            .file = fields.text("file"),
            .line = fields.number<std::uint32_t>("line"),
            .library = fields.text("library")};
}

EventBody read_ready(Fields &fields) {
    ReadyEvent event;
    event.pid = fields.number<std::int64_t>("pid");
    event.modules = fields.list("modules", read_module);
    return event;
}

EventBody read_reloaded(Fields &fields) {
    ReloadedEvent event{.module = fields.text("module"),
                        .generation = fields.number<std::uint64_t>("generation"),
                        .state = fields.word("state", StateOutcome::kFresh),
                        .total = fields.time("total_us"),
                        .phases = {},
                        .pause = fields.time("pause_us"),
                        .lane = fields.word("lane", Lane::kObject),
                        .why = fields.text("why"),
                        .detail = fields.text("detail")};
    fields.object("phases_us", [&event](Fields &phases) {
        for (std::size_t i = 0; i < kPhaseCount; ++i)
            event.phases[i] = phases.time(std::string(kPhaseNames[i]).c_str());
    });
    return event;
}

EventBody read_rejected(Fields &fields) {
    return RejectedEvent{.module = fields.text("module"),
                         .generation = fields.number<std::uint64_t>("generation"),
                         .reason = fields.word("reason", RejectReason::kNoSpace),
                         .detail = fields.text("detail")};
}

EventBody read_rolled_back(Fields &fields) {
    const std::string address = fields.text_or_null("address");
    return RolledBackEvent{.module = fields.text("module"),
                           .from = fields.number<std::uint64_t>("from"),
                           .to = fields.number<std::uint64_t>("to"),
                           .reason = fields.word("reason", RollBackReason::kAbort),
                           .signal = fields.text_or_null("signal"),
                           .address =
                               address.empty() ? std::nullopt : std::optional(from_hex(address)),
                           .backtrace = fields.list("backtrace", read_frame),
                           .steps_lost = fields.number<std::uint64_t>("steps_lost"),
                           .detail = fields.text("detail"),
                           .parked = fields.flag("parked"),
                           .waits = fields.flag_if_told("waits")};
}

EventBody read_stalled(Fields &fields) {
    return StalledEvent{.module = fields.text("module"),
                        .generation = fields.number<std::uint64_t>("generation"),
                        .detail = fields.text("detail"),
                        .backtrace = fields.list("backtrace", read_frame)};
}

EventBody read_restarted(Fields &fields) {
    return RestartedEvent{.pid = fields.number<std::int64_t>("pid"),
                          .reason = fields.text("reason"),
                          .exit_status = fields.number<int>("exit_status")};
}

EventBody read_retired(Fields &fields) {
    return RetiredEvent{.module = fields.text("module"),
                        .generation = fields.number<std::uint64_t>("generation"),
                        .unmapped = fields.flag("unmapped"),
                        .why = fields.text("why")};
}

EventBody read_warning(Fields &fields) {
    return WarningEvent{.code = fields.text("code"), .message = fields.text("message")};
}

struct Reader {
    std::string_view event;
    EventBody (*read)(Fields &);
};
constexpr std::array kReaders = {
    Reader{"ready", read_ready},       Reader{"reloaded", read_reloaded},
    Reader{"rejected", read_rejected}, Reader{"rolled_back", read_rolled_back},
    Reader{"stalled", read_stalled},   Reader{"restarted", read_restarted},
    Reader{"retired", read_retired},   Reader{"warning", read_warning},
};

} // namespace

std::optional<EventBody> read_event(const json::object &event) {
    Fields fields(event);
    const std::string name = fields.text("event");
    const auto *reader = std::ranges::find(kReaders, name, &Reader::event);
    if (reader == kReaders.end())
        return std::nullopt;
    EventBody body = reader->read(fields);
    return fields.fit() ? std::optional(std::move(body)) : std::nullopt;
}

std::optional<Hello> read_hello(const json::object &params) {
    Fields fields(params);
    Hello hello{.pid = fields.number<std::int64_t>("pid"),
                .builddir = fields.text("builddir"),
                .modules = fields.list("modules", read_module)};
    return fields.fit() ? std::optional(std::move(hello)) : std::nullopt;
}

json::object to_json(const Hello &hello) {
    return {{"pid", hello.pid},
            {"builddir", json_text(hello.builddir)},
            {"modules", modules_json(hello.modules)}};
}

} // namespace hotrun
