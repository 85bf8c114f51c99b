/* A provider that costs next to nothing, to measure what stands before it.
 *
 *     mock PORT [LIFE_SECONDS]
 *
 * POST .../chat/completions answers a chat completion of about 1 KB, POST .../messages one of Anthropic's replies, and
 * POST .../models/MODEL:generateContent one of Gemini's (bench/shapes.h). With `"stream":true`, and at Gemini's
 * :streamGenerateContent, it answers events: the model `bench-stream-EVENTS-GAP` sends EVENTS of them, GAP microseconds
 * apart, each in a write of its own. Every event's text holds the time of its sending (`t=` and 15 digits of
 * nanoseconds), so that a client can tell how long it took. */
#include "net.h"
#include "shapes.h"

#define PENDING 4096
#define MAX_CONNS 65536

typedef struct {
    int fd;
    char *in; /* a NUL follows it */
    size_t used, room;
    const Shape *shape; /* of the newest answer */
    int left;           /* events still to send; 0: no stream is open */
    int64_t gap, due;   /* of the stream */
    char out[PENDING];  /* what the socket would not take */
    size_t waiting;
} Conn;

static int ep;
static Conn *heap[MAX_CONNS]; /* open streams, the one that is due next first */
static int streams;

static size_t chunk(char *to, const char *text) {
    return (size_t)sprintf(to, "%zx\r\n%s\r\n", strlen(text), text);
}

static size_t chunks(char *to, const char *const *texts, size_t most) {
    size_t n = 0;
    for (size_t i = 0; i < most && texts[i]; i++) n += chunk(to + n, texts[i]);
    return n;
}

static void prepare(Shape *s) {
    static const char *sentence = "A line that runs true carries its load without chafing, and a fairlead keeps it so. ";
    char text[1024] = "", body[2048];
    int n;
    do n = sprintf(body, s->body, strcat(text, sentence));
    while (n < 950);
    s->whole_n = (size_t)sprintf(s->whole,
                                 "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n"
                                 "x-request-id: req_bench\r\n\r\n%s",
                                 n, body);
    s->opening_n = (size_t)sprintf(s->opening,
                                   "HTTP/1.1 200 OK\r\nContent-Type: %s\r\n"
                                   "Transfer-Encoding: chunked\r\nx-request-id: req_bench\r\n\r\n",
                                   s->type);
    s->opening_n += chunks(s->opening + s->opening_n, s->opens, sizeof s->opens / sizeof *s->opens);
    s->closing_n = chunks(s->closing, s->closes, sizeof s->closes / sizeof *s->closes);
    s->closing_n += (size_t)sprintf(s->closing + s->closing_n, "0\r\n\r\n");
}

static void interest(Conn *c) {
    struct epoll_event e = {.events = EPOLLIN | (c->waiting ? EPOLLOUT : 0), .data.ptr = c};
    epoll_ctl(ep, EPOLL_CTL_MOD, c->fd, &e);
}

/* Sends, keeping what the socket will not take yet; -1 when the peer is gone or far behind. */
static int reply(Conn *c, const char *data, size_t n) {
    ssize_t k = c->waiting ? 0 : send(c->fd, data, n, 0);
    if (k < 0 && errno != EAGAIN) return -1;
    size_t sent = k < 0 ? 0 : (size_t)k;
    if (sent == n) return 0;
    if (c->waiting + n - sent > PENDING) return -1;
    memcpy(c->out + c->waiting, data + sent, n - sent);
    c->waiting += n - sent;
    interest(c);
    return 0;
}

static int flush(Conn *c) {
    ssize_t k = send(c->fd, c->out, c->waiting, 0);
    if (k < 0) return errno == EAGAIN ? 0 : -1;
    memmove(c->out, c->out + k, c->waiting -= (size_t)k);
    interest(c);
    return 0;
}

static void sift_down(int i) {
    for (int child; (child = 2 * i + 1) < streams; i = child) {
        if (child + 1 < streams && heap[child + 1]->due < heap[child]->due) child++;
        if (heap[i]->due <= heap[child]->due) return;
        Conn *c = heap[i];
        heap[i] = heap[child], heap[child] = c;
    }
}

static void plan(Conn *c) {
    int i = streams++;
    for (; i && heap[(i - 1) / 2]->due > c->due; i = (i - 1) / 2) heap[i] = heap[(i - 1) / 2];
    heap[i] = c;
}

static void forget(Conn *c) {
    for (int i = 0; i < streams; i++)
        if (heap[i] == c) {
            heap[i] = heap[--streams];
            break;
        }
    for (int i = streams / 2; i >= 0; i--) sift_down(i);
}

static void drop(Conn *c) {
    if (c->left) forget(c);
    close(c->fd);
    free(c->in);
    free(c);
}

/* Looks for `what` where a field stands: near the body's beginning or end, not in the long prompt between. */
static char *field(char *body, size_t n, const char *what) {
    size_t near = n < 2048 ? n : 2048;
    char *found = memmem(body, near, what, strlen(what));
    return found ? found : memmem(body + n - near, near, what, strlen(what));
}

static const Shape *shape_of(const char *line, size_t n) {
    for (size_t i = 1; i < SHAPES; i++)
        if (memmem(line, n, shapes[i].path, strlen(shapes[i].path))) return &shapes[i];
    return shapes;
}

static int answer(Conn *c, char *body, size_t n) {
    if (strncmp(c->in, "POST ", 5)) {
        static const char none[] = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
        return reply(c, none, sizeof none - 1);
    }
    size_t line = (size_t)(strchr(c->in, '\r') - c->in);
    c->shape = shape_of(c->in, line);
    int stream = memmem(c->in, line, ":stream", 7) || field(body, n, "\"stream\":true");
    if (!stream) return reply(c, c->shape->whole, c->shape->whole_n);
    char *how = memmem(c->in, line, "bench-stream-", 13);
    if (!how) how = field(body, n, "bench-stream-");
    long long gap = 1000;
    c->left = 100;
    if (how) sscanf(how, "bench-stream-%d-%lld", &c->left, &gap);
    c->gap = gap * 1000, c->due = now_ns() + c->gap;
    plan(c);
    return reply(c, c->shape->opening, c->shape->opening_n);
}

/* Answers every request that is whole. */
static int take(Conn *c) {
    for (char *body; !c->left && (body = body_of(c->in, c->used));) {
        long n = content_length(c->in, body);
        size_t whole_request = (size_t)(body - c->in) + (size_t)(n < 0 ? 0 : n);
        if (c->used < whole_request) return 0;
        if (answer(c, body, n < 0 ? 0 : (size_t)n)) return -1;
        memmove(c->in, c->in + whole_request, c->used -= whole_request);
    }
    return 0;
}

static int receive(Conn *c) {
    if (c->used + 1 >= c->room) c->in = realloc(c->in, c->room = c->room ? 2 * c->room : 8192);
    ssize_t n = recv(c->fd, c->in + c->used, c->room - c->used - 1, 0);
    if (n <= 0) return n < 0 && errno == EAGAIN ? 0 : -1;
    c->in[c->used += (size_t)n] = 0;
    return take(c);
}

static void send_due(void) {
    while (streams && heap[0]->due <= now_ns()) {
        Conn *c = heap[0];
        char text[1024], framed[1100];
        sprintf(text, c->shape->event, (long long)now_ns());
        int gone = reply(c, framed, chunk(framed, text));
        if (!gone && --c->left) {
            c->due += c->gap;
            sift_down(0);
            continue;
        }
        heap[0] = heap[--streams];
        sift_down(0);
        c->left = 0;
        if (gone || reply(c, c->shape->closing, c->shape->closing_n) || take(c)) drop(c);
    }
}

int main(int argc, char **argv) {
    if (argc < 2) return fprintf(stderr, "usage: mock PORT [LIFE_SECONDS]\n"), 2;
    begin(argc > 2 ? (unsigned)atoi(argv[2]) : 900);
    for (size_t i = 0; i < SHAPES; i++) prepare(&shapes[i]);
    ep = epoll_create1(0);
    int listener = listen_on(atoi(argv[1]));
    watch(ep, listener, EPOLLIN, NULL);
    struct epoll_event events[256];
    for (;;) {
        int n = wait_until(ep, events, 256, streams ? heap[0]->due : 0);
        for (int i = 0; i < n; i++) {
            Conn *c = events[i].data.ptr;
            if (!c) {
                for (int fd; (fd = accept(listener, NULL, NULL)) >= 0;) {
                    make_prompt(fd);
                    (c = calloc(1, sizeof *c))->fd = fd;
                    watch(ep, fd, EPOLLIN, c);
                }
            } else if (((events[i].events & EPOLLOUT) && flush(c)) || ((events[i].events & ~EPOLLOUT) && receive(c))) {
                drop(c);
            }
        }
        send_due();
    }
}
