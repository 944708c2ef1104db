// hotrun lsp: between an editor that speaks the Language Server Protocol and a run.
#pragma once

#include "live_lines.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace hotrun {

// Thread-bound. Knows neither streams nor sockets. The run's events say what there is to show,
// whoever has asked for a build; the editor's saves are passed on.
class LanguageServer {
  public:
    struct Ways {
        std::function<void(const boost::json::object &)> to_editor;
        std::function<void(std::string_view line)> to_run; // nothing happens where there is none
        std::function<std::optional<std::string>(const std::string &path)> read_file;
    };
    explicit LanguageServer(Ways ways) : ways_(std::move(ways)) {}

    void from_editor(std::string_view message);

    void run_found();
    void from_run(std::string_view line);
    void run_lost();

    // The folder that the editor has opened; empty: it has not said so.
    const std::string &root() const { return root_; }

    // When the editor has said `exit`.
    std::optional<int> exit_status() const { return exit_status_; }

  private:
    void answer(const boost::json::value &id, boost::json::value result);
    void refuse(const boost::json::value &id, int code, std::string_view message);
    void tell_editor(std::string_view method, boost::json::object params);
    void initialize(const boost::json::value &id, const boost::json::object &params);
    void saved(const boost::json::object &params);
    void ask_of_file(const boost::json::value &id, const boost::json::object &params);
    void answer_of_file(std::uint64_t id, const boost::json::object &message);
    boost::json::object shown_line(const std::string &line, const std::string &path) const;
    void refresh_lines();

    void take_status(const boost::json::object &message);
    void event(const boost::json::object &event);
    void begin_progress(const boost::json::object &started);
    void end_progress(std::string_view message);
    void build_finished(const boost::json::object &finished);
    void publish(const boost::json::array &diagnostics);
    boost::json::object to_lsp(const boost::json::object &diagnostic);
    boost::json::object range_of(const boost::json::object &diagnostic);
    void show(int kind, const std::string &message);

    // How the line of a file that belongs to the run is shown: before its first line or behind it.
    enum class Lines { kNone, kCodeLens, kInlayHint };
    struct Question { // of the editor
        boost::json::value id;
        std::string path;
    };

    Ways ways_;
    std::string root_;
    bool has_run_ = false;
    bool initialized_ = false;
    bool shut_down_ = false;
    bool shows_progress_ = false;
    Lines lines_ = Lines::kNone;
    bool refreshes_lines_ = false;
    std::optional<int> exit_status_;
    std::uint64_t last_id_ = 0;                   // of our requests to the run, and to the editor
    std::uint64_t status_id_ = 0;                 // of the request for the run's status
    std::map<std::uint64_t, Question> questions_; // by the request that the run will answer
    LiveLines live_lines_;
    std::string progress_;            // its token; empty: no build runs
    boost::json::array building_;     // the diagnostics of the build that runs
    std::set<std::string> published_; // paths with diagnostics
    std::map<std::string, std::optional<std::string>> files_; // read for this publication
};

} // namespace hotrun
