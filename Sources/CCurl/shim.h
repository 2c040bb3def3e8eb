#ifndef CCURL_SHIM_H
#define CCURL_SHIM_H

#include <curl/curl.h>

/* curl_easy_setopt and curl_easy_getinfo take a variable argument list, which Swift cannot call. One function for
   each type that an option takes, so that a number always arrives as the C type libcurl reads. */

/* CURLE_TOO_LARGE, which libcurl has a name for since 8.6. */
static const CURLcode CCURL_TOO_LARGE = (CURLcode)100;

/* What libcurl calls for each piece of a body or each line of a head; it wants back how much was taken. */
typedef size_t (*ccurl_take)(char *bytes, size_t size, size_t count, void *context);

/* What libcurl calls with its remarks. */
typedef int (*ccurl_remark)(CURL *handle, curl_infotype kind, char *bytes, size_t count, void *context);

static inline CURLcode ccurl_start(void) {
    return curl_global_init(CURL_GLOBAL_DEFAULT);
}
static inline CURLcode ccurl_set_long(CURL *handle, CURLoption option, long value) {
    return curl_easy_setopt(handle, option, value);
}
static inline CURLcode ccurl_set_offset(CURL *handle, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(handle, option, value);
}
static inline CURLcode ccurl_set_text(CURL *handle, CURLoption option, const char *value) {
    return curl_easy_setopt(handle, option, value);
}
static inline CURLcode ccurl_set_pointer(CURL *handle, CURLoption option, void *value) {
    return curl_easy_setopt(handle, option, value);
}
static inline CURLcode ccurl_set_take(CURL *handle, CURLoption option, ccurl_take take) {
    return curl_easy_setopt(handle, option, take);
}
/* What libcurl calls to make a socket for an address it has found; it wants the socket or CURL_SOCKET_BAD. */
typedef curl_socket_t (*ccurl_open)(void *context, curlsocktype purpose, struct curl_sockaddr *address);

static inline CURLcode ccurl_set_open(CURL *handle, ccurl_open open) {
    return curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, open);
}
static inline CURLcode ccurl_set_remark(CURL *handle, CURLoption option, ccurl_remark remark) {
    return curl_easy_setopt(handle, option, remark);
}
static inline CURLcode ccurl_set_list(CURL *handle, CURLoption option, struct curl_slist *list) {
    return curl_easy_setopt(handle, option, list);
}
/* Copies the bytes. */
static inline CURLcode ccurl_set_blob(CURL *handle, CURLoption option, const void *bytes, size_t count) {
    struct curl_blob blob = {(void *)bytes, count, CURL_BLOB_COPY};
    return curl_easy_setopt(handle, option, &blob);
}
static inline CURLcode ccurl_get_long(CURL *handle, CURLINFO info, long *value) {
    return curl_easy_getinfo(handle, info, value);
}
static inline CURLcode ccurl_get_offset(CURL *handle, CURLINFO info, curl_off_t *value) {
    return curl_easy_getinfo(handle, info, value);
}
static inline CURLcode ccurl_get_socket(CURL *handle, CURLINFO info, curl_socket_t *value) {
    return curl_easy_getinfo(handle, info, value);
}
/* Whether a transfer has ended; its result is then in `result`. */
static inline int ccurl_multi_ended(CURLM *multi, CURLcode *result) {
    int left;
    CURLMsg *message;
    while ((message = curl_multi_info_read(multi, &left)) != NULL) {
        if (message->msg == CURLMSG_DONE) {
            *result = message->data.result;
            return 1;
        }
    }
    return 0;
}

#endif
