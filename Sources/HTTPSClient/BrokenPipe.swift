import Glibc

/// Keeps a connection that the server has closed from ending the process.
///
/// OpenSSL writes to sockets without the flag that suppresses SIGPIPE, and libcurl, told to leave the
/// process's signals alone, does nothing about it. The signal goes to the thread that writes, so it is
/// held back on that thread for as long as libcurl runs, and thrown away.
enum BrokenPipe {
    /// Runs `body` without SIGPIPE on this thread.
    static func held<Value>(_ body: () -> Value) -> Value {
        var pipe = sigset_t()
        var before = sigset_t()
        sigemptyset(&pipe)
        sigaddset(&pipe, SIGPIPE)
        let wasPending = isPending
        guard pthread_sigmask(SIG_BLOCK, &pipe, &before) == 0 else { return body() }
        let value = body()
        if !wasPending, isPending {
            var none = timespec(tv_sec: 0, tv_nsec: 0)
            while sigtimedwait(&pipe, nil, &none) < 0, errno == EINTR {}
        }
        pthread_sigmask(SIG_SETMASK, &before, nil)
        return value
    }

    private static var isPending: Bool {
        var pending = sigset_t()
        sigemptyset(&pending)
        return sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE) == 1
    }
}
