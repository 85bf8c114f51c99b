/* Calls at a steady rate, whether or not earlier ones were answered, and how long each took.
 *
 *     calls PORT RATE SECONDS REQUEST_FILE
 *
 * Prints one line of JSON: calls, errors, and p50, p90, p99 and max in microseconds. */
#include "net.h"

#define MAX_CONNS 512
#define ROOM (1 << 20)

typedef struct {
    int fd;
    int64_t sent; /* 0: idle */
    char *in;
    size_t used;
} Conn;

static Conn conns[MAX_CONNS];
static int ep, port, open_conns, errors, count;
static double *took;

static int by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static Conn *idle_conn(void) {
    for (int i = 0; i < open_conns; i++)
        if (!conns[i].sent) return &conns[i];
    if (open_conns == MAX_CONNS) return NULL;
    Conn *c = &conns[open_conns++];
    c->in = malloc(ROOM);
    c->fd = connect_to(port);
    watch(ep, c->fd, EPOLLIN, c);
    return c;
}

static int complete(const Conn *c) {
    char *body = body_of(c->in, c->used);
    if (!body) return 0;
    long n = content_length(c->in, body);
    if (n >= 0) return c->used >= (size_t)(body - c->in) + (size_t)n;
    return c->used >= 5 && !memcmp(c->in + c->used - 5, "0\r\n\r\n", 5);
}

static void reopen(Conn *c) {
    close(c->fd);
    c->fd = connect_to(port);
    watch(ep, c->fd, EPOLLIN, c);
    if (c->sent) errors++;
    c->sent = 0, c->used = 0;
}

static void receive(Conn *c) {
    ssize_t n = recv(c->fd, c->in + c->used, ROOM - c->used, 0);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) return reopen(c);
    c->used += (size_t)n;
    if (!complete(c)) return;
    if (memcmp(c->in, "HTTP/1.1 200", 12)) errors++;
    else took[count++] = (double)(now_ns() - c->sent) / 1000;
    c->sent = 0, c->used = 0;
}

static void pump(int64_t until) {
    struct epoll_event events[64];
    do {
        int n = wait_until(ep, events, 64, until);
        for (int i = 0; i < n; i++) receive(events[i].data.ptr);
    } while (now_ns() < until);
}

int main(int argc, char **argv) {
    if (argc < 5) return fprintf(stderr, "usage: calls PORT RATE SECONDS REQUEST_FILE\n"), 2;
    port = atoi(argv[1]);
    double rate = atof(argv[2]), seconds = atof(argv[3]);
    size_t n;
    char *request = read_file(argv[4], &n);
    begin((unsigned)seconds + 60);
    ep = epoll_create1(0);
    int total = (int)(rate * seconds);
    took = calloc((size_t)total + 1, sizeof *took);
    int64_t start = now_ns() + 50 * MS;
    for (int i = 0; i < total; i++) {
        pump(start + (int64_t)(i * 1e9 / rate));
        Conn *c = idle_conn();
        if (!c) {
            errors++;
            continue;
        }
        c->sent = now_ns();
        if (send_whole(c->fd, request, n)) reopen(c);
    }
    for (int64_t end = now_ns() + 3000 * MS; count + errors < total && now_ns() < end;) pump(now_ns() + 10 * MS);
    qsort(took, (size_t)count, sizeof *took, by_size);
    printf("{\"calls\": %d, \"errors\": %d, \"p50\": %.1f, \"p90\": %.1f, \"p99\": %.1f, \"max\": %.1f}\n", count,
           total - count, took[count / 2], took[count * 9 / 10], took[count * 99 / 100],
           count ? took[count - 1] : 0.0);
}
