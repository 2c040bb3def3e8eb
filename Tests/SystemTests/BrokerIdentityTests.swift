import CertificateAuthority
import Foundation
import TestKit
import Testing

/// What the broker of `broker config` lets which certificate do.
@Suite(.serialized) struct BrokerIdentityTests {
    private static let refusal = "Not authorized"

    @Test func `a certificate's name decides what its holder may do`() throws {
        let rig = try IdentityRig()
        try rig.fleet("ca", "issue-service", "ingest", "a", "--ca", rig.authority.path)
        try rig.fleet("ca", "issue-service", "reader", "home", "--ca", rig.authority.path)
        try rig.configureBroker("--reader", "home=gw-0001")
        let (pair1, pair2) = (try rig.enrol("gw-0001"), try rig.enrol("gw-0002"))
        func service(_ name: String) -> IdentityRig.Pair {
            let place = rig.authority.file("identities/\(name)/current")
            return .init(certificate: "\(place)/certificate.pem", key: "\(place)/key.pem")
        }
        let ingest = try rig.client(service("ingest.a"))
        #expect(try ingest.isWelcome(), "\(ingest.output)\n\(rig.log)")
        _ = try ingest.subscribe("$share/ingest/amphora/v1/+/up/+")
        let reader = try rig.client(service("reader.home"))
        #expect(try reader.isWelcome())
        _ = try reader.subscribe("amphora/v1/#")
        let spy = try rig.client(pair2)
        #expect(try spy.isWelcome(), "\(spy.output)\n\(rig.log)")
        // granted although nothing may be read: an answer is no proof of a right
        #expect(try spy.subscribe("amphora/#").contains("Granted"))

        let one = try rig.client(pair1)
        #expect(try one.isWelcome())
        _ = try one.subscribe("amphora/v1/gw-0001/down/#")
        #expect(try one.publish("amphora/v1/gw-0001/up/event", "own").hasPrefix("Success"))
        try ingest.waitForMessage("amphora/v1/gw-0001/up/event own")
        #expect(try one.publish("amphora/v1/gw-0001/status", "here").hasPrefix("Success"))
        #expect(try one.publish("amphora/v1/gw-0001/state/bank", "full").hasPrefix("Success"))
        try reader.waitForMessage("amphora/v1/gw-0001/state/bank full")
        for topic in ["gw-0002/up/event", "gw-0001/down/ack", "gw-0001", "gw-0002/state/bank"] {
            #expect(try one.publish("amphora/v1/\(topic)", "no") == Self.refusal, "\(topic)")
        }
        // a publisher of MQTT 3.1.1 is told nothing; the message goes nowhere
        let old = try rig.client(pair1, version: 3)
        #expect(try old.isWelcome())
        #expect(try old.publish("amphora/v1/gw-0002/up/event", "old").hasPrefix("Success"))
        #expect(try old.publish("amphora/v1/gw-0001/up/event", "after").hasPrefix("Success"))
        try ingest.waitForMessage("amphora/v1/gw-0001/up/event after")
        #expect(!ingest.output.contains(" old") && !ingest.output.contains(" no"))

        #expect(try ingest.publish("amphora/v1/gw-0002/down/ack", "stored").hasPrefix("Success"))
        #expect(try ingest.publish("amphora/v1/gw-0002/up/event", "x") == Self.refusal)
        try spy.waitForMessage("amphora/v1/gw-0002/down/ack stored")
        for text in ["own", "full", "here", "after"] { #expect(!spy.output.contains(" \(text)")) }
        #expect(try reader.publish("amphora/v1/gw-0001/down/command", "x") == Self.refusal)
        #expect(!reader.output.contains(" own"))
    }

    @Test func `names other than the certificate's count for nothing`() throws {
        let rig = try IdentityRig()
        try rig.configureBroker()
        let (pair1, pair2) = (try rig.enrol("gw-0001"), try rig.enrol("gw-0002"))
        let liar = try rig.client(pair1, id: "gw-0002", username: "gw-0002")
        #expect(try liar.isWelcome())
        #expect(try liar.publish("amphora/v1/gw-0002/up/event", "x") == Self.refusal)
        #expect(try liar.publish("amphora/v1/gw-0001/up/event", "x").hasPrefix("No matching"))
        // another with the same client id pushes nobody off
        let two = try rig.client(pair2, id: "gw-0002")
        #expect(try two.isWelcome())
        #expect(try two.publish("amphora/v1/gw-0002/up/event", "x").hasPrefix("No matching"))
        #expect(try liar.publish("amphora/v1/gw-0001/up/event", "x").hasPrefix("No matching"))
        #expect(liar.isConnected && two.isConnected)
        // of two common names the first counts; our authority signs no such certificate
        let both = try rig.client(try rig.forge("/CN=gw-0003/CN=gw-0004"))
        #expect(try both.isWelcome())
        #expect(try both.publish("amphora/v1/gw-0003/up/event", "x").hasPrefix("No matching"))
        #expect(try both.publish("amphora/v1/gw-0004/up/event", "x") == Self.refusal)
    }

    @Test func `who shows no good certificate does not get in`() throws {
        let rig = try IdentityRig()
        try rig.configureBroker()
        #expect(try rig.client(try rig.enrol("gw-0001")).isWelcome())
        #expect(try !rig.client(nil).isWelcome())
        #expect(try !rig.client(try rig.forge("/CN=+")).isWelcome())
        #expect(try !rig.client(try rig.forge("/O=nobody")).isWelcome())
        let stranger = try rig.stranger()
        #expect(try !rig.client(try rig.forge("/CN=gw-0001", signer: stranger)).isWelcome())
        #expect(try !rig.client(try rig.enrol("gw-0009", daysAgo: 200)).isWelcome())
        let server = rig.authority.file("identities/server.fleet/current")
        #expect(
            try !rig.client(
                .init(certificate: "\(server)/certificate.pem", key: "\(server)/key.pem")
            ).isWelcome())
        // and the broker has survived all of it
        #expect(try rig.client(try rig.enrol("gw-0001")).isWelcome())
    }

    @Test func `a revoked certificate loses every right at once and does not come back`() throws {
        let rig = try IdentityRig()
        try rig.configureBroker()
        let (pair1, pair2) = (try rig.enrol("gw-0001"), try rig.enrol("gw-0002"))
        let standing = try rig.client(pair1)
        #expect(try standing.isWelcome())
        #expect(try standing.publish("amphora/v1/gw-0001/up/event", "x").hasPrefix("No matching"))
        try rig.fleet("ca", "revoke", "--gateway", "gw-0001", "--ca", rig.authority.path)
        try rig.configureBroker()
        if standing.isConnected {
            let answer = try? standing.publish("amphora/v1/gw-0001/up/event", "x")
            #expect(answer == nil || answer == Self.refusal)
        }
        #expect(try !rig.client(pair1).isWelcome())
        #expect(try rig.client(pair2).isWelcome())
        // enrolled anew it is let in and has its rights
        let anew = try rig.enrol("gw-0001")
        try rig.configureBroker()
        let again = try rig.client(anew)
        #expect(try again.isWelcome(), "\(again.output)\n\(rig.log)")
        #expect(try again.publish("amphora/v1/gw-0001/up/event", "x").hasPrefix("No matching"))
        #expect(try !rig.client(pair1).isWelcome() || pair1.certificate == anew.certificate)
    }

    @Test func `two ingest workers with certificates of their own store and acknowledge`() throws {
        let rig = try IdentityRig()
        try rig.fleet(
            "ca", "issue-service", "ingest", "a", "--workers", "2", "--ca", rig.authority.path)
        try rig.configureBroker()
        let place = rig.authority.file("identities/ingest.a-{worker}/current")
        let ingest = try ChildProcess(
            House.programs + "/amphora-fleet",
            [
                "ingest", "--store", "sqlite:" + rig.folder.file("fleet.db"), "--broker",
                "127.0.0.1:\(rig.port)", "--workers", "2", "--ca",
                rig.authority.file("authorities.pem"), "--cert", "\(place)/certificate.pem",
                "--key", "\(place)/key.pem", "--batch-milliseconds", "20",
            ])
        defer { ingest.terminate() }
        let both = Patience.wait(20_000) {
            ingest.errors.split(separator: "\n").count { $0.contains("connected to the broker") }
                == 2
                ? true : nil
        }
        #expect(both == true, "\(ingest.errors)")
        let gateway = try rig.client(try rig.enrol("gw-0001"))
        #expect(try gateway.isWelcome())
        _ = try gateway.subscribe("amphora/v1/gw-0001/down/ack")
        for number in 1...20 {
            let record =
                #"{"schema":"amphora/event/v1","gateway":"gw-0001","epoch":7,"seq":\#(number),"#
                + #""time":{"wall":"2026-11-24T13:05:00.123Z","trusted":true,"boot":"#
                + #""71734537-d6d9-472d-8519-7ef8cf99f170","monotonic_ms":1},"change":"noticed","#
                + #""level":"information","code":"counted","pack":0,"text":"a record"}"#
            #expect(
                try gateway.publish("amphora/v1/gw-0001/up/event", record).hasPrefix("Success"))
        }
        let isDone = Patience.wait(20_000) {
            gateway.output.contains("\"ranges\":[[") && gateway.output.contains("20]]")
                ? true : nil
        }
        #expect(isDone == true, "\(gateway.output)\n\(ingest.errors)")
        #expect(!ingest.errors.contains("warning"), "\(ingest.errors)")
        #expect(ingest.terminate() == .exited(0))
        #expect(ingest.output.contains("\"rejected\":0"), "\(ingest.output)")
    }

    @Test func `two workers with one certificate are told what is wrong`() throws {
        let rig = try IdentityRig()
        try rig.fleet("ca", "issue-service", "ingest", "a", "--ca", rig.authority.path)
        try rig.configureBroker()
        let place = rig.authority.file("identities/ingest.a/current")
        let ingest = try ChildProcess(
            House.programs + "/amphora-fleet",
            [
                "ingest", "--store", "sqlite:" + rig.folder.file("fleet.db"), "--broker",
                "127.0.0.1:\(rig.port)", "--workers", "2", "--ca",
                rig.authority.file("authorities.pem"), "--cert", "\(place)/certificate.pem",
                "--key", "\(place)/key.pem",
            ])
        _ = try ingest.waitForLine(
            containing: "all workers show one certificate", within: 20_000)
        ingest.terminate()
    }
}
