/* What the mock and the generators share: time, sockets, and reading HTTP/1.1 heads. Linux only. */
#ifndef BENCH_NET_H
#define BENCH_NET_H

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MS 1000000LL

static inline void die(const char *what) {
    perror(what);
    exit(1);
}

static inline int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* Ends the process after `seconds`, and lets timers fire when they are due rather than 50 us later. */
static inline void begin(unsigned seconds) {
    signal(SIGPIPE, SIG_IGN);
    prctl(PR_SET_TIMERSLACK, 1UL);
    alarm(seconds);
}

static inline struct sockaddr_in loopback(int port) {
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return a;
}

static inline void make_prompt(int fd) {
    int one = 1;
    fcntl(fd, F_SETFL, O_NONBLOCK);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

static inline int listen_on(int port) {
    int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
    struct sockaddr_in a = loopback(port);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(fd, (void *)&a, sizeof a) || listen(fd, 4096)) die("listen");
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

static inline int connect_to(int port) {
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in a = loopback(port);
    if (connect(fd, (void *)&a, sizeof a)) die("connect");
    make_prompt(fd);
    return fd;
}

static inline void watch(int ep, int fd, uint32_t events, void *what) {
    struct epoll_event e = {.events = events, .data.ptr = what};
    if (epoll_ctl(ep, EPOLL_CTL_ADD, fd, &e)) die("epoll_ctl");
}

/* Waits until something is ready or it is `due` (0: without end), to the nanosecond. */
static inline int wait_until(int ep, struct epoll_event *events, int n, int64_t due) {
    int64_t left = due - now_ns();
    if (left < 0) left = 0;
    struct timespec t = {.tv_sec = left / 1000000000LL, .tv_nsec = left % 1000000000LL};
    int ready = epoll_pwait2(ep, events, n, due ? &t : NULL, NULL);
    if (ready < 0 && errno != EINTR) die("epoll_pwait2");
    return ready < 0 ? 0 : ready;
}

/* Where the body begins, or NULL while the head is incomplete. */
static inline char *body_of(const char *data, size_t n) {
    char *end = memmem(data, n, "\r\n\r\n", 4);
    return end ? end + 4 : NULL;
}

/* The head's Content-Length, or -1 without one. */
static inline long content_length(const char *head, const char *end) {
    for (const char *line = head; (line = memmem(line, end - line, "\r\n", 2)) && line + 17 < end; line += 2)
        if (!strncasecmp(line + 2, "content-length:", 15)) return atol(line + 17);
    return -1;
}

static inline char *read_file(const char *path, size_t *n) {
    FILE *f = fopen(path, "rb");
    if (!f) die(path);
    fseek(f, 0, SEEK_END);
    *n = (size_t)ftell(f);
    rewind(f);
    char *data = malloc(*n + 1);
    if (fread(data, 1, *n, f) != *n) die(path);
    fclose(f);
    return data;
}

/* Writes a whole request; a generator may wait here, since only bodies beyond the socket's buffer block. */
static inline int send_whole(int fd, const char *data, size_t n) {
    while (n) {
        ssize_t k = send(fd, data, n, 0);
        if (k < 0 && errno != EAGAIN) return -1;
        if (k > 0) data += k, n -= (size_t)k;
    }
    return 0;
}

#endif
