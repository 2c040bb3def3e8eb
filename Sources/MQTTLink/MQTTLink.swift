import Glibc

/// Publishes what a source holds to an MQTT broker and tells the source what the broker has taken.
///
/// Runs on one thread that calls `run` and does nothing else. Records made while the connection lasts
/// go first; those that waited before follow as fast as their pace and the way allow; each of the two
/// lanes keeps the order of the numbers. After a cut everything unanswered goes out again. A
/// successful publish call means nothing here: only the broker's acknowledgement with a good reason
/// makes a record acknowledged, and where a receiver is awaited, only its word settles it.
package final class MQTTLink<Source: PublishSource> {
    let configuration: LinkConfiguration
    let source: Source
    let mailbox: LinkMailbox
    var machine: LinkStateMachine<SystemRandomNumberGenerator>
    var client: Mosquitto?
    var inFlight = InFlightWindow()
    var lanes = PublishLanes()
    var pace: BacklogPace
    var backlogWindow = BacklogWindow(most: 1)
    var unconfirmed: Unconfirmed
    /// What waits has to be looked at: a connection has begun.
    var isBeginning = false
    /// When the link was last online; nanoseconds on the monotonic clock.
    var onlineAt = Int64.min / 2
    /// Numbers of records the broker refused; they go again after a pause.
    var refused: [Int64] = []
    /// Nothing waited in the live lane when the source was last asked.
    var isCaughtUp = false
    /// What this connection allows: our window or the broker's, whichever is smaller.
    var window: Int
    var status = LinkStatus()
    var document: ConnectionDocument
    var sourceRetryAt: Int64 = 0
    let recordTopics: [String]
    let recordProperties: [MessageProperties?]
    /// What this connection was made with.
    var certificates: LinkCertificates?
    private var shown = LinkStatus()

    /// Prepares a link, which `run` makes live.
    ///
    /// Throws when a certificate file cannot be read.
    package init(
        _ configuration: LinkConfiguration, source: Source, mailbox: LinkMailbox
    ) throws(LinkError) {
        self.configuration = configuration
        self.source = source
        self.mailbox = mailbox
        window = configuration.window
        pace = BacklogPace(
            rate: configuration.backlogRate, burst: max(16, configuration.backlogRate / 4))
        unconfirmed = Unconfirmed(
            grace: Int64(configuration.overtakenSeconds) * 1_000_000_000,
            patience: Int64(configuration.confirmSeconds) * 1_000_000_000)
        machine = LinkStateMachine(
            configuration, generator: SystemRandomNumberGenerator(), now: LinkClock.now())
        document = ConnectionDocument(gateway: configuration.gateway, session: 0)
        recordTopics = configuration.channels.map { configuration.topic($0.path) }
        recordProperties = configuration.channels.map {
            configuration.version == .v5 ? .document(schema: $0.schema) : nil
        }
        try configuration.certificates()?.check()
    }

    /// Works until `stop` becomes readable, then leaves in order.
    ///
    /// Stopping takes at most three seconds when the broker is slow to answer, longer only while a
    /// name is being resolved. Signals that the process handles may interrupt the wait harmlessly.
    package func run(stop: Int32) {
        var isStopping = false
        var lastMaintenance: Int64 = 0
        while machine.phase != .stopped {
            let now = LinkClock.now()
            perform(machine.handle(.tick, at: now))
            if now - lastMaintenance > 1_000_000_000, let client, client.descriptor >= 0 {
                lastMaintenance = now
                settle(client.maintain(), "keep up the connection to")
            }
            pump(now)
            show()
            if machine.phase == .stopped { break }
            let ready = wait(stop: isStopping ? -1 : stop)
            if ready.stop {
                isStopping = true
                perform(machine.handle(.stop, at: LinkClock.now()))
            }
            if ready.wake {
                mailbox.clearWake()
                isCaughtUp = false
                if let rate = mailbox.takeBacklogRate() {
                    pace.change(rate: rate, burst: max(16, rate / 4))
                }
                if mailbox.takeRenewal() { renew() }
            }
            if ready.readable || ready.writable, let client {
                let code = client.process(readable: ready.readable, writable: ready.writable)
                if inFlight.backlogCount > 0 { client.acknowledgeQuickly() }
                settle(code, "talk to")
            }
        }
        client = nil
        show()
    }

    /// Connects anew when there are other certificates than those of this connection.
    private func renew() {
        guard let found = try? configuration.certificates(), found != certificates else { return }
        perform(machine.handle(.renew, at: LinkClock.now()))
    }

    private struct Ready {
        var stop = false
        var wake = false
        var readable = false
        var writable = false
    }

    /// Waits for the broker, the owner or the next deadline, a second at most.
    private func wait(stop: Int32) -> Ready {
        let now = LinkClock.now()
        var deadline = min(machine.deadline, now + 1_000_000_000)
        if sourceRetryAt > now { deadline = min(deadline, sourceRetryAt) }
        if machine.mayPublish { deadline = min(deadline, backlogDeadline(now)) }
        let milliseconds = Int32(max(0, min(1000, (deadline - now + 999_999) / 1_000_000)))
        let wantsToWrite = client?.wantsToWrite ?? false
        let events = Int16(POLLIN) | (wantsToWrite ? Int16(POLLOUT) : 0)
        let nothing = Int16(0)
        let input = Int16(POLLIN)
        var descriptors = (
            pollfd(fd: stop, events: input, revents: nothing),
            pollfd(fd: mailbox.descriptor, events: input, revents: nothing),
            pollfd(fd: client?.descriptor ?? -1, events: events, revents: nothing)
        )
        let count = withUnsafeMutableBytes(of: &descriptors) {
            poll($0.assumingMemoryBound(to: pollfd.self).baseAddress, 3, milliseconds)
        }
        guard count > 0 else { return Ready() }
        let connection = Int32(descriptors.2.revents)
        return Ready(
            stop: descriptors.0.revents != 0, wake: descriptors.1.revents != 0,
            readable: connection & (POLLIN | POLLHUP | POLLERR) != 0,
            writable: connection & POLLOUT != 0)
    }

    /// Puts the status where others see it, when it changed.
    private func show() {
        status.inFlight = inFlight.count
        status.backlog = lanes.backlog.count
        status.unconfirmed = unconfirmed.count
        let state: LinkStatus.State =
            switch machine.phase {
            case .waiting: .waiting
            case .connecting: .connecting
            case .online: .online
            case .draining, .leaving: .stopping
            case .stopped: .stopped
            }
        if state != status.state || status.sinceNanoseconds == 0 {
            status.state = state
            status.sinceNanoseconds = LinkClock.now()
        }
        guard status != shown else { return }
        shown = status
        mailbox.update { published in
            let dropped = published.receivedDropped
            published = shown
            published.receivedDropped = dropped
        }
    }
}

extension LinkCertificates {
    /// Throws unless every file can be read, which the library would tell much later and worse.
    func check() throws(LinkError) {
        let files = [
            ("authority", authorityFile), ("certificate", certificateFile), ("key", keyFile),
        ]
        for case (let kind, let path?) in files where access(path, R_OK) != 0 {
            throw LinkError(
                "cannot read the \(kind) file '\(path)': \(String(cString: strerror(errno)))")
        }
    }
}
