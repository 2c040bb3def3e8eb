import Glibc
import MQTTLink
import TestKit

extension FleetSimulation {
    /// Lets as many begin to connect as may at a time, so that the broker's queue of waiting
    /// connections never overflows.
    func connectNext() {
        while counts.connecting < settings.connecting, !queue.isEmpty {
            connect(position: queue.removeFirst())
        }
    }

    /// Queues those whose wait is over.
    func queueDue(_ now: Int64) {
        guard !away.isEmpty else { return }
        away.removeAll { position in
            guard case .away(let until) = gateways[position].phase, until <= now else {
                return false
            }
            gateways[position].phase = .queued
            queue.append(position)
            return true
        }
        connectNext()
    }

    private func connect(position: Int) {
        let gateway = gateways[position]
        gateway.phase = .connecting(since: Clock.now())
        counts.connecting += 1
        do {
            let client = try WakePair.shrink(set.descriptor) { () throws(LinkError) in
                try Mosquitto(
                    clientID: gateway.identity.name, cleanStart: false, sink: SessionSink())
            }
            gateway.client = client
            client.set(.v5, sendMaximum: settings.link.window + 2)
            var code = client.set(
                username: gateway.identity.name, password: settings.link.password?.revealed)
            if code == 0 {
                code = client.connect(
                    host: settings.link.host, port: settings.link.port,
                    keepAliveSeconds: settings.link.keepAliveSeconds, properties: connectProperties)
            }
            settle(gateway, code)
        } catch {
            lose(gateway, error.description)
        }
    }

    /// The kernel says that a connection has something to read or room to write.
    func process(_ gateway: SimulatedGateway, _ events: Int16) {
        guard let client = gateway.client else { return }
        let bits = Int32(events)
        let code = client.process(
            readable: bits & (POLLIN | POLLHUP | POLLERR) != 0, writable: bits & POLLOUT != 0)
        settle(gateway, code)
    }

    /// Looks at what a call into the library brought about.
    private func settle(_ gateway: SimulatedGateway, _ code: Int32) {
        let systemError = errno
        guard let sink = gateway.client?.sink else { return }
        if !sink.answers.isEmpty {
            gateway.inFlight -= sink.answers.count
            counts.refused += sink.answers.count { $0.reason >= 128 }
            sink.answers.removeAll(keepingCapacity: true)
        }
        if !sink.received.isEmpty {
            for message in sink.received { hear(message, gateway) }
            sink.received.removeAll(keepingCapacity: true)
        }
        if case .connecting = gateway.phase, let welcome = sink.welcome {
            guard welcome.code == 0 else {
                lose(gateway, "broker refused a connection: \(LinkTrouble.reason(welcome.code))")
                return
            }
            welcomed(gateway, welcome)
        }
        if sink.refusedSubscriptions > 0 { lose(gateway, "broker refused a subscription") }
        // the library answers -1 while the connection is being made
        if code > 0 || sink.ending != nil {
            lose(gateway, words(sink.ending ?? code, systemError))
        } else {
            pump(gateway)
        }
    }

    private func welcomed(_ gateway: SimulatedGateway, _ welcome: SessionSink.Welcome) {
        gateway.phase = .online
        gateway.failures = 0
        gateway.window = min(
            settings.link.window, welcome.receiveMaximum ?? settings.link.window)
        counts.connecting -= 1
        counts.connected += 1
        if gateway.connections > 0 { counts.reconnects += 1 }
        gateway.connections += 1
        for topic in [gateway.acknowledgementTopic, gateway.commandTopic] {
            _ = gateway.client?.subscribe(topic, qos: 1)
        }
        // as the gateway: a long backlog begins by chance, so that not all begin together
        if gateway.book.waiting > 100 {
            let most = Int64(max(0, settings.link.backlogJitterSeconds)) * 1_000_000_000
            gateway.pace.hold(until: Clock.now() + Int64.random(in: 0...most, using: &generator))
        }
        connectNext()
        if counts.connected == gateways.count { begin() }
    }

    /// The connection is gone; the next attempt waits longer with each failure.
    func lose(_ gateway: SimulatedGateway, _ words: String) {
        switch gateway.phase {
        case .online: counts.connected -= 1
        case .connecting: counts.connecting -= 1
        case .queued, .away: return
        }
        counts.trouble = words
        gateway.client = nil
        gateway.watched = (-1, 0)
        gateway.inFlight = 0
        gateway.book.disconnected()
        let wait = backoff.wait(after: gateway.failures, &generator)
        gateway.failures += 1
        gateway.phase = .away(until: Clock.now() + wait)
        away.append(gateway.position)
    }

    /// What is to be done about once a second: signs of life, lateness, records to send again.
    func maintain(_ gateway: SimulatedGateway, _ now: Int64) {
        gateway.book.putBackOverdue(at: now, patience: settings.resend)
        guard let client = gateway.client else { return }
        if case .connecting(let since) = gateway.phase {
            let patience = Int64(settings.link.connectSeconds) * 1_000_000_000
            if now - since > patience {
                lose(gateway, "broker did not answer within \(settings.link.connectSeconds) s")
            }
        } else if client.descriptor >= 0 {
            let code = client.maintain()
            if code > 0 || client.sink.ending != nil { settle(gateway, code) }
        }
    }

    /// Tells the kernel what the connection waits for, when that has changed.
    func watch(_ gateway: SimulatedGateway) {
        guard let client = gateway.client else { return }
        let descriptor = client.descriptor
        let events = Int16(POLLIN) | (client.wantsToWrite ? Int16(POLLOUT) : 0)
        guard descriptor >= 0, (descriptor, events) != gateway.watched else { return }
        gateway.watched = (descriptor, events)
        let tag = UInt32(gateway.position)
        if !set.watch(descriptor, for: events, tag: tag) { lose(gateway, "cannot watch a socket") }
    }

    private func words(_ code: Int32, _ systemError: Int32) -> String {
        if code >= 128 { return "broker ended a connection: \(LinkTrouble.reason(code))" }
        // MOSQ_ERR_ERRNO
        if code == 14 { return "connection failed: \(String(cString: strerror(systemError)))" }
        return "connection ended: \(Mosquitto.words(code))"
    }
}
