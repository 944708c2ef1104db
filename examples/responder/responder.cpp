// An HTTP server on the loopback device: `hotrun --interval 0 responder`, then change answer_to()
// and save. The socket, open connections and the counters go on: no request is lost.
#include <hotrun/module.hpp>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

// A request that has come in part is still there after a switch.
struct Connection {
    int socket = -1;
    std::size_t bytes = 0;
    std::array<char, 4096> request{};
};

// Lives in the permanent heap.
struct Server {
    int listener = -1;
    unsigned long requests = 0;
    std::vector<Connection, hotrun::allocator<Connection>> connections;
};

std::string answer_to(const Server &server, std::string_view path) {
    return "Hello from " + std::string(path) + ", request " + std::to_string(server.requests) +
           "\n";
}

std::string response_with(const std::string &status, const std::string &body) {
    return "HTTP/1.1 " + status + "\r\nContent-Type: text/plain; charset=utf-8\r\n" +
           "Content-Length: " + std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" +
           body;
}

// "GET /path HTTP/1.1" and headers, which do not matter here.
std::string respond(Server &server, std::string_view request) {
    const std::size_t begin = request.find(' ');
    const std::size_t end = request.find(' ', begin + 1);
    if (end == std::string_view::npos || end > request.find('\r'))
        return response_with("400 Bad Request", "this is no HTTP request\n");
    if (request.substr(0, begin) != "GET")
        return response_with("405 Method Not Allowed", "only GET is answered here\n");
    ++server.requests;
    return response_with("200 OK", answer_to(server, request.substr(begin + 1, end - begin - 1)));
}

int option_of(int socket, int name) {
    int value = 0;
    socklen_t bytes = sizeof value;
    return getsockopt(socket, SOL_SOCKET, name, &value, &bytes) == 0 ? value : 0;
}

// In another process the number may be another socket's.
bool listens(int socket) {
    return option_of(socket, SO_ACCEPTCONN) != 0 && option_of(socket, SO_DOMAIN) == AF_INET;
}

// PORT=0: any that is free.
sockaddr_in wanted_address() {
    const char *port = std::getenv("PORT");
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port != nullptr ? std::atoi(port) : 8080));
    return address;
}

void listen(hotrun_context *context, Server &server) {
    server.listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    sockaddr_in address = wanted_address();
    auto *const plain = reinterpret_cast<sockaddr *>(&address);
    socklen_t bytes = sizeof address;
    const int yes = 1;
    setsockopt(server.listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(server.listener, plain, bytes) != 0 || ::listen(server.listener, SOMAXCONN) != 0) {
        const std::string sentence = "can't listen on port " +
                                     std::to_string(ntohs(address.sin_port)) + ": " +
                                     std::strerror(errno) + "; PORT=N chooses another one";
        context->log(context, HOTRUN_LOG_ERROR, sentence.c_str());
        context->stop(context, 1);
        return;
    }
    getsockname(server.listener, plain, &bytes);
    std::printf("listening on http://127.0.0.1:%u/\n", ntohs(address.sin_port));
}

void accept_all(Server &server) {
    for (int socket;
         (socket = accept4(server.listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;)
        server.connections.emplace_back().socket = socket;
}

// True: it is answered, or has gone.
bool serve(Server &server, Connection &connection) {
    const ssize_t got = recv(connection.socket, connection.request.data() + connection.bytes,
                             connection.request.size() - connection.bytes, 0);
    if (got < 0 && errno == EAGAIN)
        return false;
    if (got <= 0)
        return true;
    connection.bytes += static_cast<std::size_t>(got);
    const std::string_view request(connection.request.data(), connection.bytes);
    const bool whole = request.find("\r\n\r\n") != std::string_view::npos;
    if (!whole && connection.bytes < connection.request.size())
        return false;
    const std::string response =
        whole ? respond(server, request)
              : response_with("431 Request Header Fields Too Large", "4 KB are too small\n");
    send(connection.socket, response.data(), response.size(), MSG_NOSIGNAL); // small: all at once
    return true;
}

// A switch waits for the step, so the wait is a short one.
void wait_for_work(const Server &server) {
    constexpr int kMilliseconds = 20;
    std::vector<pollfd> sockets = {{server.listener, POLLIN, 0}};
    for (const Connection &connection : server.connections)
        sockets.push_back({connection.socket, POLLIN, 0});
    poll(sockets.data(), sockets.size(), kMilliseconds);
}

} // namespace

extern "C" void hotrun_init(hotrun_context *context) {
    auto &server = hotrun::state<Server>(context);
    server.connections.clear(); // of another run, where --heap-file has kept them
    listen(context, server);
}

extern "C" void hotrun_reload(hotrun_context *context) {
    auto &server = hotrun::state<Server>(context);
    if (listens(server.listener))
        return;
    server.connections.clear(); // the process has replaced itself, and its sockets are closed
    listen(context, server);
}

extern "C" void hotrun_step(hotrun_context *context) {
    auto &server = hotrun::state<Server>(context);
    wait_for_work(server);
    accept_all(server);
    std::erase_if(server.connections, [&](Connection &connection) {
        const bool done = serve(server, connection);
        if (done)
            close(connection.socket);
        return done;
    });
}

extern "C" void hotrun_shutdown(hotrun_context *context) {
    auto &server = hotrun::state<Server>(context);
    for (const Connection &connection : server.connections)
        close(connection.socket);
    server.connections.clear();
    close(server.listener);
}
