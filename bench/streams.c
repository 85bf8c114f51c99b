/* Many streams at once, and how evenly their events arrive.
 *
 *     streams PORT STREAMS REPEAT RAMP_MS GAP_US REQUEST_FILE
 *
 * Opens STREAMS connections over RAMP_MS and reads REPEAT streams on each. Prints one line of JSON: events and streams
 * that came whole, errors, the largest gap between two events of a stream beyond GAP_US, how many were 100 ms beyond
 * it, and the time from the mock's sending to arrival (p50, p99, max), all times in microseconds; `status` is that of a
 * refused stream, or 200. */
#include "net.h"

#define ROOM 65536
#define TAIL 24 /* an event's mark, `t=` and 15 digits and `;`, may be cut by the end of a read */
#define STEP_US 50
#define STEPS 200000

typedef struct {
    int fd, left, begun, done;
    int64_t last; /* when the newest event arrived; 0: none yet */
    char tail[TAIL];
    size_t kept;
} Stream;

static int ep, port, running, complete, errors, stalls, status = 200;
static long events_seen;
static int64_t gap_ns, worst_gap, worst_transit;
static unsigned histogram[STEPS];
static char *request;
static size_t request_n;

static void end(Stream *s) {
    close(s->fd);
    s->fd = -1;
    running--;
}

static void ask(Stream *s) {
    s->last = 0, s->begun = 0, s->done = 0, s->kept = 0;
    if (s->left-- == 0) return end(s);
    if (send_whole(s->fd, request, request_n)) errors++, end(s);
}

static void event(Stream *s, const char *mark, int64_t now) {
    int64_t transit = now - strtoll(mark + 2, NULL, 10), gap = now - s->last - gap_ns;
    int64_t step = transit / 1000 / STEP_US;
    histogram[step < 0 ? 0 : step < STEPS ? step : STEPS - 1]++;
    if (transit > worst_transit) worst_transit = transit;
    if (s->last && gap > worst_gap) worst_gap = gap;
    if (s->last && gap > 100 * MS) stalls++;
    s->last = now;
    events_seen++;
}

static void receive(Stream *s) {
    static char data[TAIL + ROOM + 1];
    memcpy(data, s->tail, s->kept);
    ssize_t n = recv(s->fd, data + s->kept, ROOM, 0);
    if (n < 0 && errno == EAGAIN) return;
    int refused = n > 12 && !s->begun && strncmp(data + 9, "200", 3);
    if (refused) status = atoi(data + 9);
    if (n <= 0 || refused) return (void)(errors++, end(s));
    s->begun = 1;
    size_t all = s->kept + (size_t)n, from = 0;
    int64_t now = now_ns();
    data[all] = 0;
    for (char *m; (m = memmem(data + from, all - from, "t=", 2)) && m + 18 <= data + all;) {
        if (m[17] == ';') event(s, m, now);
        from = (size_t)(m - data) + 2;
    }
    if (memmem(data, all, "[DONE]", 6)) s->done = 1;
    if (s->done && all >= 5 && !memcmp(data + all - 5, "0\r\n\r\n", 5)) {
        complete++;
        return ask(s);
    }
    s->kept = all - from < TAIL ? all - from : TAIL;
    memcpy(s->tail, data + all - s->kept, s->kept);
}

static void pump(int64_t until) {
    static struct epoll_event ready[512];
    int n = wait_until(ep, ready, 512, until);
    for (int i = 0; i < n; i++) {
        Stream *s = ready[i].data.ptr;
        if (s->fd >= 0) receive(s);
    }
}

static long share(double part) {
    long sum = 0;
    for (int i = 0; i < STEPS; i++)
        if ((sum += histogram[i]) >= part * (double)events_seen) return (long)(i + 1) * STEP_US;
    return 0;
}

int main(int argc, char **argv) {
    if (argc < 7) return fprintf(stderr, "usage: streams PORT STREAMS REPEAT RAMP_MS GAP_US REQUEST_FILE\n"), 2;
    int count = atoi(argv[2]), repeat = atoi(argv[3]);
    int64_t ramp = atoll(argv[4]) * MS;
    port = atoi(argv[1]), gap_ns = atoll(argv[5]) * 1000;
    request = read_file(argv[6], &request_n);
    begin(300);
    ep = epoll_create1(0);
    Stream *all = calloc((size_t)count, sizeof *all);
    int64_t start = now_ns();
    for (int i = 0; i < count; i++) {
        for (int64_t due = start + ramp * i / count; now_ns() < due;) pump(due);
        all[i].fd = connect_to(port), all[i].left = repeat;
        watch(ep, all[i].fd, EPOLLIN, &all[i]);
        running++;
        ask(&all[i]);
    }
    for (int64_t quiet = now_ns() + 120000 * MS; running && now_ns() < quiet;) pump(quiet);
    printf("{\"events\": %ld, \"streams\": %d, \"errors\": %d, \"status\": %d, \"worst_gap\": %ld, \"stalls\": %d,"
           " \"transit_p50\": %ld, \"transit_p99\": %ld, \"transit_max\": %ld, \"seconds\": %.3f}\n",
           events_seen, complete, errors + running, status, (long)(worst_gap / 1000), stalls, share(0.5), share(0.99),
           (long)(worst_transit / 1000), (double)(now_ns() - start) / 1e9);
}
