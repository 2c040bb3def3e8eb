import FoundationEssentials
import Glibc
import MQTTLink
import Synchronization
import TestKit
import Testing

/// Birth, will, state, received messages, refusals and certificates against a real mosquitto.
@Suite struct LinkSessionTests {
    let statusTopic = "amphora/v1/gw-1/status"

    private func session(_ message: Subscriber.Message) throws -> String {
        let parts = message.payload.split(separator: "\"session\":\"")
        return String(try #require(parts.last).prefix(16))
    }

    @Test func `the birth is retained`() throws {
        let broker = try Broker()
        let link = try LinkFixture(LinkFixture.configuration(broker.port))
        try link.wait { $0.state == .online && $0.inFlight == 0 }
        let late = try Subscriber(port: broker.port, topic: statusTopic)
        let birth = try late.wait { $0.isRetained }
        let session = try session(birth)
        #expect(
            birth.payload
                == "{\"schema\":\"amphora/connection/v1\",\"gateway\":\"gw-1\",\"session\":\"\(session)\","
                + "\"state\":\"online\",\"reason\":\"connected\"}")
        #expect(birth.schema == "amphora/connection/v1")
    }

    @Test func `the will is delivered when the link vanishes, under the session of its birth`()
        throws
    {
        let broker = try Broker()
        let proxy = try CuttingProxy(to: broker.port)
        let subscriber = try Subscriber(port: broker.port, topic: statusTopic)
        let link = try LinkFixture(LinkFixture.configuration(proxy.port))
        let birth = try subscriber.wait { $0.payload.contains("online") }
        proxy.set(.refuse)
        let will = try subscriber.wait { $0.payload.contains("offline") }
        #expect(will.payload.contains("\"lost\""))
        #expect(try session(will) == session(birth))
        proxy.set(.pass)
        try link.wait { $0.connections == 2 }
        let next = try subscriber.wait {
            $0.payload.contains("online") && $0.payload != birth.payload
        }
        #expect(try session(next) != session(birth))
    }

    @Test func `a will with delay is not delivered when the link is back in time`() throws {
        let broker = try Broker()
        let proxy = try CuttingProxy(to: broker.port)
        let subscriber = try Subscriber(port: broker.port, topic: statusTopic)
        var configuration = LinkFixture.configuration(proxy.port)
        configuration.willDelaySeconds = 2
        let link = try LinkFixture(configuration)
        try link.wait { $0.state == .online && $0.inFlight == 0 }
        proxy.set(.refuse)
        try link.wait { $0.state != .online }
        proxy.set(.pass)
        try link.wait { $0.connections == 2 && $0.inFlight == 0 }
        usleep(3_000_000)
        #expect(!subscriber.messages.contains { $0.payload.contains("offline") })
    }

    @Test func `leaving in order says so and leaves no will behind`() throws {
        let broker = try Broker()
        let subscriber = try Subscriber(port: broker.port, topic: statusTopic)
        let link = try LinkFixture(LinkFixture.configuration(broker.port))
        try link.wait { $0.state == .online }
        #expect(link.stop())
        let farewell = try subscriber.wait { $0.payload.contains("offline") }
        #expect(farewell.payload.contains("\"stopped\""))
        #expect(!subscriber.messages.contains { $0.payload.contains("\"lost\"") })
    }

    @Test func `the newest state is retained with what is left of its time`() throws {
        let broker = try Broker()
        broker.stop()
        let link = try LinkFixture(LinkFixture.configuration(broker.port))
        for number in 1...5 {
            let payload = Array("{\"v\":\(number)}".utf8)
            link.mailbox.setState("bank", payload: payload, expirySeconds: 60)
        }
        link.mailbox.setState("pack/01", payload: Array("{}".utf8), expirySeconds: 0)
        try broker.start()
        try link.wait { $0.state == .online && $0.inFlight == 0 }
        let subscriber = try Subscriber(port: broker.port, topic: "amphora/v1/gw-1/state/#")
        let bank = try subscriber.wait { $0.topic.hasSuffix("state/bank") }
        #expect(bank.payload == "{\"v\":5}")
        #expect(bank.isRetained)
        let expiry = try #require(Int(bank.expiry))
        #expect((50...60).contains(expiry))
        #expect(try subscriber.wait { $0.topic.hasSuffix("pack/01") }.expiry == "-")
    }

    @Test func `messages for the gateway are received, also those sent while it was away`() throws {
        let broker = try Broker()
        var configuration = LinkFixture.configuration(broker.port)
        configuration.subscriptions = ["down/#"]
        let proxy = try CuttingProxy(to: broker.port)
        configuration.port = Int(proxy.port)
        let link = try LinkFixture(configuration)
        try link.wait { $0.state == .online && $0.inFlight == 0 }
        let publisher = try Peers.tool("mosquitto_pub", package: "mosquitto-clients")
        func publish(_ payload: String) throws {
            let run = try ChildProcess(
                publisher,
                [
                    "-p", "\(broker.port)", "-q", "1", "-V", "5", "-t",
                    "amphora/v1/gw-1/down/command", "-m", payload, "-D", "PUBLISH",
                    "response-topic", "answers/here", "-D", "PUBLISH", "correlation-data", "xyz",
                ])
            #expect(try run.waitForExit() == .exited(0))
        }
        try publish("first")
        var received: [ReceivedMessage] = []
        func waitReceived(_ count: Int) {
            _ = Patience.wait(5_000) {
                received += link.mailbox.takeReceived()
                return received.count >= count ? true : nil
            }
        }
        waitReceived(1)
        proxy.set(.refuse)
        try link.wait { $0.state != .online }
        try publish("second")
        proxy.set(.pass)
        waitReceived(2)
        #expect(
            received.map { String(decoding: $0.payload, as: UTF8.self) } == ["first", "second"])
        #expect(received.first?.topic == "amphora/v1/gw-1/down/command")
        #expect(received.first?.responseTopic == "answers/here")
        #expect(received.first?.correlation == Array("xyz".utf8))
    }

    @Test func `a record the broker refuses is kept and sent again later`() throws {
        let folder = try TemporaryDirectory("acl")
        let rights = folder.file("acl")
        func allow(_ text: String) throws {
            try Data(text.utf8).write(to: URL(filePath: rights))
        }
        try allow("topic write amphora/v1/gw-1/status\n")
        chmod(folder.path, 0o755)
        let broker = try Broker("acl_file \(rights)")
        let link = try LinkFixture(LinkFixture.configuration(broker.port))
        link.append(3)
        try link.wait { $0.refused >= 6 }
        #expect(
            link.status.lastTrouble?.hasSuffix(
                "on 'amphora/v1/gw-1/up/telemetry': not authorized (0x87); it is kept and sent again"
            ) == true)
        #expect(link.source.taken.isEmpty)
        #expect(link.status.connections == 1)
        try allow("topic write #\n")
        broker.reload()
        try link.waitTaken(3)
        #expect(link.source.taken.sorted() == [1, 2, 3])
    }

    @Test(
        arguments: [
            (LinkConfiguration.Version.v5, "not authorized (0x87)"),
            (.v311, "not authorized (5)"),
        ])
    func `a broker that refuses us is quoted`(
        version: LinkConfiguration.Version, reason: String
    ) throws {
        let broker = try Broker("allow_anonymous false")
        var configuration = LinkFixture.configuration(broker.port)
        configuration.version = version
        let link = try LinkFixture(configuration)
        let sentence = "broker '127.0.0.1:\(broker.port)' refused the connection: \(reason)"
        try link.wait { $0.lastTrouble == sentence }
    }

    @Test func `user name and password are shown to the broker and to nobody else`() throws {
        let folder = try TemporaryDirectory("passwords")
        let file = folder.file("passwords")
        chmod(folder.path, 0o755)
        let tool = try Peers.tool("mosquitto_passwd", package: "mosquitto")
        let run = try ChildProcess(tool, ["-b", "-c", file, "gw-1", "open sesame"])
        #expect(try run.waitForExit() == .exited(0))
        let broker = try Broker("allow_anonymous false", "password_file \(file)")
        var configuration = LinkFixture.configuration(broker.port)
        configuration.username = "gw-1"
        configuration.password = LinkPassword("open sesame")
        let link = try LinkFixture(configuration)
        link.append(1)
        try link.waitTaken(1)
        var shown = "\(configuration)"
        dump(configuration, to: &shown)
        #expect(!shown.contains("sesame"))
    }

    @Test func `the client certificate is shown and names us`() throws {
        let certificates = try TestCertificates(client: "gw-1")
        let broker = try Broker(certificates: certificates)
        let link = try LinkFixture(Self.secure(broker, certificates, certificates))
        link.append(20)
        try link.waitTaken(20)
        #expect(broker.log.contains("u'gw-1'"))
        #expect(link.stop())
    }

    @Test func `a broker of another authority is not trusted`() throws {
        let broker = try Broker(certificates: try TestCertificates(client: "gw-1"))
        let ours = try TestCertificates(client: "gw-1")
        let link = try LinkFixture(Self.secure(broker, ours, ours))
        link.append(1)
        let sentence =
            "broker 'localhost:\(broker.port)': its certificate cannot be trusted: not signed by "
            + "the authority in '\(ours.authority)', expired or not yet valid"
        try link.wait { $0.lastTrouble == sentence }
        #expect(link.source.taken.isEmpty)
    }

    @Test func `a broker with another name is not trusted`() throws {
        let certificates = try TestCertificates(client: "gw-1", brokerName: "elsewhere")
        let broker = try Broker(certificates: certificates)
        let link = try LinkFixture(Self.secure(broker, certificates, certificates))
        let sentence =
            "broker 'localhost:\(broker.port)': its certificate is for another name than 'localhost'"
        try link.wait { $0.lastTrouble == sentence }
    }

    @Test func `a broker that wants a certificate we have not got says so`() throws {
        let certificates = try TestCertificates(client: "gw-1")
        let broker = try Broker(certificates: certificates)
        var configuration = LinkFixture.configuration(broker.port, host: "localhost")
        configuration.tls = LinkCertificates(authorityFile: certificates.authority)
        let link = try LinkFixture(configuration)
        let sentence =
            "broker 'localhost:\(broker.port)': it wants a client certificate, "
            + "and none is configured"
        try link.wait { $0.lastTrouble == sentence }
    }

    @Test func `a certificate file that cannot be read stops the link from being made`() throws {
        var configuration = LinkFixture.configuration(1, host: "localhost")
        configuration.tls = LinkCertificates(authorityFile: "/etc/amphora/none.pem")
        let link = try LinkFixture(configuration)
        #expect(
            link.error
                == "cannot read the authority file '/etc/amphora/none.pem': "
                + "No such file or directory")
    }

    private static func secure(
        _ broker: Broker, _ trusted: TestCertificates, _ own: TestCertificates
    ) -> LinkConfiguration {
        var configuration = LinkFixture.configuration(broker.port, host: "localhost")
        configuration.tls = LinkCertificates(
            authorityFile: trusted.authority, certificateFile: own.client, keyFile: own.clientKey)
        return configuration
    }

    /// The broker takes the name from the certificate, so its log tells which one was shown.
    @Test func `new certificates are shown on one new connection, nothing is lost, no will comes`()
        throws
    {
        let certificates = try TestCertificates(client: "first")
        let second = try certificates.make(client: "second")
        let broker = try Broker(certificates: certificates)
        var configuration = LinkFixture.configuration(broker.port, host: "localhost")
        let files = [
            LinkCertificates(
                authorityFile: certificates.authority, certificateFile: certificates.client,
                keyFile: certificates.clientKey),
            LinkCertificates(
                authorityFile: certificates.authority, certificateFile: second.certificate,
                keyFile: second.key),
        ]
        let isRenewed = Counter()
        configuration.findCertificates = { () throws(LinkError) in files[isRenewed.value] }
        let link = try LinkFixture(configuration)
        link.append(50)
        try link.waitTaken(50)
        // the same certificates are no reason to connect anew
        link.mailbox.renewCertificates()
        link.append(1)
        try link.waitTaken(51)
        #expect(link.status.connections == 1)
        link.append(200)
        isRenewed.count()
        link.mailbox.renewCertificates()
        try link.wait { $0.connections == 2 && $0.state == .online }
        link.append(50)
        try link.waitTaken(301)
        #expect(link.status.connections == 2)
        #expect(Set(link.source.taken) == Set(1...301))
        let entries = broker.log.split(separator: "\n").filter { $0.contains("as gw-1 ") }
        #expect(entries.count == 2, "\(broker.log)")
        #expect(entries.first?.contains("u'first'") == true)
        #expect(entries.last?.contains("u'second'") == true)
        #expect(!broker.log.contains("closed its connection"))
    }

    private final class Counter: Sendable {
        private let number = Atomic<Int>(0)
        var value: Int { number.load(ordering: .acquiring) }
        func count() { number.add(1, ordering: .acquiringAndReleasing) }
    }
}
