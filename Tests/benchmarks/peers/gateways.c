/* Many gateways at the fleet's TLS door, each with its own key and certificate.
 *
 *     gateways MODE PORT CA COUNT AT-ONCE AMOUNT PATH [TOKENS]
 *
 * CA is the folder of an authority without passphrase; COUNT certificates are made with its issuing key, as it makes them,
 * and kept beside it for the next run.
 * MODE  kept    AT-ONCE connections ask again and again for AMOUNT seconds
 *       fresh   the same with a connection for each request
 *       paced   gateways come by chance, AT-ONCE a second for AMOUNT seconds, a connection each, in turn
 *       enrol   AMOUNT gateways enrol with the tokens of a file (the CSV of `devices add`), AT-ONCE at a time
 * If-None-Match has the ETag of the gateway's last answer, at first '*', as if it had the document already. The server's
 * certificate is not checked, which a gateway would, so that this tool takes less of the machine. Times count from when a
 * gateway wanted to begin.
 * Prints one JSON object. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

struct identity { EVP_PKEY *key; X509 *certificate; char etag[64]; };
struct connection { SSL *ssl; int number, file, step, sent, length, had, watched; double began; char *request, answer[8192]; };
enum { CONNECT, SHAKE, SEND, RECEIVE };

static struct identity *identities;
static char (*ids)[80], (*tokens)[40];
static int count, epoll, port, kept, enrols;
static X509 *issuing;
static SSL_CTX *context;
static const char *path;
static long done, by_status[6], failed, handshakes, next_identity;
static double *times;
static long room;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

static void fail(const char *what) {
    fprintf(stderr, "gateways: %s\n", what);
    exit(1);
}

static FILE *file_in(const char *folder, const char *name) {
    char place[4096];
    snprintf(place, sizeof place, "%s/%s", folder, name);
    FILE *file = fopen(place, "r");
    if (!file) fail(place);
    return file;
}

static void extend(X509 *certificate, int kind, const char *text) {
    X509V3_CTX how;
    X509V3_set_ctx(&how, issuing, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &how, kind, text);
    if (!extension) fail(text);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

static X509 *certify(EVP_PKEY *key, const char *id, long serial, EVP_PKEY *signer) {
    X509 *made = X509_new();
    char address[128];
    snprintf(address, sizeof address, "URI:urn:amphora:gateway:%s", id);
    X509_set_version(made, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(made), serial + 1000);
    X509_set_issuer_name(made, X509_get_subject_name(issuing));
    X509_NAME_add_entry_by_txt(X509_get_subject_name(made), "CN", MBSTRING_UTF8, (const unsigned char *)id, -1, -1, 0);
    X509_gmtime_adj(X509_getm_notBefore(made), -60);
    X509_gmtime_adj(X509_getm_notAfter(made), 86400);
    X509_set_pubkey(made, key);
    extend(made, NID_basic_constraints, "critical,CA:FALSE");
    extend(made, NID_key_usage, "critical,digitalSignature");
    extend(made, NID_ext_key_usage, "clientAuth");
    extend(made, NID_subject_alt_name, address);
    extend(made, NID_authority_key_identifier, "keyid");
    if (!X509_sign(made, signer, EVP_sha256())) fail("cannot sign");
    return made;
}

/* The identities of an earlier run, or new ones. */
static void read_or_make(const char *folder, EVP_PKEY *signer) {
    char place[4096];
    snprintf(place, sizeof place, "%s/bench-%d.pem", folder, count);
    FILE *file = fopen(place, "r");
    int is_known = file != NULL;
    if (!is_known) file = fopen(place, "w");
    if (!file) fail(place);
    for (int i = 0; i < count; i++) {
        struct identity *one = &identities[i];
        snprintf(ids[i], sizeof ids[i], "bench-%05d", i);
        if (is_known) {
            one->key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
            one->certificate = PEM_read_X509(file, NULL, NULL, NULL);
        } else {
            one->key = EVP_EC_gen("P-256");
            one->certificate = certify(one->key, ids[i], i, signer);
            PEM_write_PrivateKey(file, one->key, NULL, NULL, 0, NULL, NULL);
            PEM_write_X509(file, one->certificate);
        }
        if (!one->key || !one->certificate) fail(place);
    }
    fclose(file);
}

/* The request of gateway `number`; the caller frees it. */
static char *request(int number) {
    char *text;
    if (!enrols) {
        const char *etag = identities[number].etag;
        if (asprintf(&text, "GET %s HTTP/1.1\r\nHost: localhost\r\nIf-None-Match: %s\r\n\r\n", path, etag[0] ? etag : "*") < 0) fail("no memory");
        return text;
    }
    X509_REQ *wish = X509_REQ_new();
    X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(wish), "CN", MBSTRING_UTF8, (unsigned char *)ids[number], -1, -1, 0);
    X509_REQ_set_pubkey(wish, identities[number].key);
    X509_REQ_sign(wish, identities[number].key, EVP_sha256());
    unsigned char *der = NULL, user[160], user64[256], body[4096];
    int length = i2d_X509_REQ(wish, &der);
    X509_REQ_free(wish);
    int size = EVP_EncodeBlock(body, der, length);
    OPENSSL_free(der);
    snprintf((char *)user, sizeof user, "%s:%s", ids[number], tokens[number]);
    EVP_EncodeBlock(user64, user, strlen((char *)user));
    if (asprintf(&text, "POST %s HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic %s\r\nContent-Type: application/pkcs10\r\n"
                 "Content-Transfer-Encoding: base64\r\nContent-Length: %d\r\n\r\n%s", path, user64, size, body) < 0) fail("no memory");
    return text;
}

static void watch(struct connection *one, int events) {
    if (one->watched == events) return;
    struct epoll_event event = {.events = events, .data.ptr = one};
    epoll_ctl(epoll, one->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, one->file, &event);
    one->watched = events;
}

static void ask(struct connection *one) {
    free(one->request);
    one->request = request(one->number);
    one->length = strlen(one->request);
    one->sent = one->had = 0;
}

/* Begins a connection of the next gateway; `began` is when it wanted to. */
static void dial(struct connection *one, double began) {
    int number = one->number = next_identity++ % count, yes = 1;
    struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    one->file = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (one->file < 0) fail("no more sockets; raise 'ulimit -n'");
    setsockopt(one->file, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    one->ssl = SSL_new(context);
    if (!enrols) {
        SSL_use_certificate(one->ssl, identities[number].certificate);
        SSL_use_PrivateKey(one->ssl, identities[number].key);
        SSL_add1_chain_cert(one->ssl, issuing);
    }
    SSL_set_fd(one->ssl, one->file);
    SSL_set_connect_state(one->ssl);
    ask(one);
    one->began = began;
    one->step = CONNECT;
    one->watched = 0;
    if (connect(one->file, (struct sockaddr *)&server, sizeof server) < 0 && errno != EINPROGRESS) fail("cannot connect");
    watch(one, EPOLLOUT);
}

static void hang_up(struct connection *one) {
    if (!one->ssl) return;
    if (one->step == RECEIVE) SSL_shutdown(one->ssl);
    SSL_free(one->ssl);
    close(one->file);
    one->ssl = NULL;
}

static void note(double time) {
    if (done == room) times = realloc(times, (room = room ? room * 2 : 65536) * sizeof *times);
    if (!times) fail("no memory");
    times[done++] = time;
}

/* Whether the whole answer is there. */
static int is_whole(struct connection *one) {
    one->answer[one->had] = 0;
    char *end = strstr(one->answer, "\r\n\r\n");
    if (!end) return 0;
    int status = atoi(one->answer + 9);
    char *length = strcasestr(one->answer, "\r\ncontent-length:");
    int body = status == 304 || status == 204 || !length || length > end ? 0 : atoi(length + 17);
    if (one->had < end + 4 - one->answer + body) return 0;
    by_status[status / 100 < 6 ? status / 100 : 5]++;
    if (status >= 400 && by_status[status / 100] <= 3) fprintf(stderr, "gateways: %.200s\n", one->answer);
    char *tag = strcasestr(one->answer, "\r\netag:");
    if (tag && tag < end) sscanf(tag + 7, " %63[^\r]", identities[one->number].etag);
    return 1;
}

/* Goes on as far as it can: 1 when an answer is there, -1 when the connection is lost, 0 when it has to wait. */
static int step(struct connection *one) {
    for (;;) {
        int result;
        if (one->step == CONNECT) one->step = SHAKE;
        if (one->step == SHAKE) {
            if ((result = SSL_do_handshake(one->ssl)) == 1) {
                handshakes++;
                one->step = SEND;
                continue;
            }
        } else if (one->step == SEND) {
            if ((result = SSL_write(one->ssl, one->request + one->sent, one->length - one->sent)) > 0) {
                if ((one->sent += result) == one->length) one->step = RECEIVE;
                continue;
            }
        } else if ((result = SSL_read(one->ssl, one->answer + one->had, sizeof one->answer - 1 - one->had)) > 0) {
            one->had += result;
            if (is_whole(one)) return 1;
            continue;
        }
        int reason = SSL_get_error(one->ssl, result);
        if (reason == SSL_ERROR_WANT_READ) return watch(one, EPOLLIN), 0;
        if (reason == SSL_ERROR_WANT_WRITE) return watch(one, EPOLLOUT), 0;
        return -1;
    }
}

static int believe(X509_STORE_CTX *chain, void *nothing) {
    (void)chain, (void)nothing;
    return 1;
}

static int by_size(const void *one, const void *other) {
    double a = *(const double *)one, b = *(const double *)other;
    return (a > b) - (a < b);
}

int main(int words_count, char **words) {
    if (words_count < 8 || (!strcmp(words[1], "enrol") && words_count < 9)) fail("wrong usage; see the head of its source");
    const char *mode = words[1];
    port = atoi(words[2]);
    count = atoi(words[4]);
    int at_once = atoi(words[5]), paced = !strcmp(mode, "paced");
    double amount = atof(words[6]);
    path = words[7];
    kept = !strcmp(mode, "kept");
    enrols = !strcmp(mode, "enrol");
    identities = calloc(count, sizeof *identities);
    ids = calloc(count, sizeof *ids);
    tokens = calloc(count, sizeof *tokens);
    FILE *file = file_in(words[3], "issuing.pem");
    issuing = PEM_read_X509(file, NULL, NULL, NULL);
    fclose(file);
    file = file_in(words[3], "issuing.key");
    EVP_PKEY *signer = PEM_read_PrivateKey(file, NULL, NULL, NULL);
    fclose(file);
    if (!issuing || !signer) fail("cannot read the authority");
    if (enrols) {
        FILE *list = fopen(words[8], "r");
        char line[512];
        if (!list || !fgets(line, sizeof line, list)) fail("no tokens");
        for (int i = 0; i < count; i++) {
            if (!fgets(line, sizeof line, list) || sscanf(line, "%79[^,],%39[^,\n]", ids[i], tokens[i]) != 2) fail("too few tokens");
            identities[i].key = EVP_EC_gen("P-256");
        }
        fclose(list);
    } else {
        read_or_make(words[3], signer);
    }
    context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_cert_verify_callback(context, believe, NULL);
    epoll = epoll_create1(0);
    int most = paced ? 20000 : at_once, in_use = 0, free_count = 0;
    struct connection *all = calloc(most, sizeof *all), **free_ones = calloc(most, sizeof *free_ones);
    for (int i = most; i-- > 0;) free_ones[free_count++] = &all[i];
    struct rusage before, after;
    getrusage(RUSAGE_SELF, &before);
    double began = now(), end = began + (enrols ? 1e9 : amount), due = began;
    int most_open = 0;
    srand48(7);
    for (;;) {
        double time = now();
        int is_over = enrols ? next_identity >= amount : time >= end;
        if (is_over && (in_use == 0 || kept || time > end + 60)) break;
        while (!is_over && free_count && (paced ? due <= now() : 1)) {
            dial(free_ones[--free_count], paced ? due : now());
            if (++in_use > most_open) most_open = in_use;
            if (paced) due += -__builtin_log(1 - drand48()) / at_once;
            is_over = enrols ? next_identity >= amount : now() >= end;
        }
        struct epoll_event events[256];
        double rest = paced && !is_over ? (due - now()) * 1000 : 100;
        int found = epoll_wait(epoll, events, 256, rest < 0 ? 0 : rest > 100 ? 100 : (int)rest);
        for (int i = 0; i < found; i++) {
            struct connection *one = events[i].data.ptr;
            int result = step(one);
            while (result == 1 && kept && now() < end) {
                note(now() - one->began);
                one->step = SEND;
                ask(one);
                one->began = now();
                result = step(one);
            }
            if (result == 0) continue;
            if (result == 1) note(now() - one->began); else failed++;
            hang_up(one);
            in_use--;
            free_ones[free_count++] = one;
        }
    }
    double seconds = now() - began;
    getrusage(RUSAGE_SELF, &after);
    double cpu = after.ru_utime.tv_sec - before.ru_utime.tv_sec + (after.ru_utime.tv_usec - before.ru_utime.tv_usec) / 1e6 +
        after.ru_stime.tv_sec - before.ru_stime.tv_sec + (after.ru_stime.tv_usec - before.ru_stime.tv_usec) / 1e6;
    if (done) qsort(times, done, sizeof *times, by_size);
    printf("{\"requests\":%ld,\"seconds\":%.3f,\"per_s\":%.1f,\"p50_ms\":%.2f,\"p99_ms\":%.2f,\"max_ms\":%.1f,\"handshakes_s\":%.1f,"
           "\"answers_2xx\":%ld,\"answers_3xx\":%ld,\"answers_4xx\":%ld,\"answers_5xx\":%ld,\"failed\":%ld,\"open_at_once\":%d,\"tool_us\":%.0f}\n",
           done, seconds, done / seconds, done ? times[done / 2] * 1e3 : 0, done ? times[done * 99 / 100] * 1e3 : 0, done ? times[done - 1] * 1e3 : 0,
           handshakes / seconds, by_status[2], by_status[3], by_status[4], by_status[5], failed, most_open, done ? cpu * 1e6 / done : 0);
    return 0;
}
