import Alarms
import FleetStore
import Foundation
import HTTPSClient
import TestKit
import Testing

@testable import Notifications

@Suite struct MailTests {
    private let folder: TemporaryDirectory
    private let identity: LocalIdentity

    init() throws {
        folder = try TemporaryDirectory("mail")
        identity = try LocalIdentity(folder)
    }

    private func way(
        _ scheme: String, _ server: PlayedMailServer, host: String = "localhost",
        password: String? = "geheim", authorities: String? = nil
    ) throws -> MailWay {
        var configuration = try SMTPConfiguration(
            "\(scheme)://\(host):\(server.port)", authorities: authorities ?? identity.certificate)
        if let password { (configuration.user, configuration.password) = ("amphora", password) }
        return MailWay(configuration, from: "fleet@example.org", app: "https://app.example.org")
    }

    private func message(
        label: String = "Scheune", level: String = "fault", count: Int = 1
    ) -> DeliveryMessage {
        let notices = (1...count).map { number in
            DeliveryNotice(
                .raised,
                Alarm(
                    AlarmSubject(
                        gateway: "house-\(number)", code: "fire_gas", level: level, pack: 3),
                    raised: 1_790_000_000_000, text: "smoke"), label: label,
                zone: "Europe/Berlin")
        }
        return DeliveryMessage(
            id: "0123abcd", recipient: "anna",
            preferences: RecipientPreferences(language: "de", mail: "anna@example.org"),
            channel: .mail("anna@example.org"), notices: notices, leftOut: 0, tries: 0)
    }

    private func send(
        _ way: MailWay, to address: String = "anna@example.org", label: String = "Scheune",
        count: Int = 1
    ) throws -> SendVerdict {
        let text = DeliveryText(message(label: label, count: count), try AlarmTexts("de"))
        return way.send(
            text, to: address, id: "0123abcd", language: "de", now: 1_790_000_060_000)
    }

    @Test(arguments: [("starttls", "smtp"), ("tls", "smtps")])
    func `mail goes over TLS with a password, and is what a reader makes of it`(
        mode: String, scheme: String
    ) throws {
        let server = try PlayedMailServer(mode, identity)
        #expect(try send(way(scheme, server)) == .sent)
        let mail = try #require(try server.messages.first)
        #expect(mail["tls"] as? Bool == true)
        #expect(mail["user"] as? String == "amphora")
        #expect(mail["from"] as? String == "fleet@example.org")
        #expect(mail["to"] as? [String] == ["anna@example.org"])
        #expect(mail["defects"] as? [String] == [])
        #expect(mail["date"] as? String == "2026-09-21T14:14:20+00:00")
        #expect(mail["bare"] as? Int == 0)
        #expect(try #require(mail["longest"] as? Int) <= 78)
        let headers = try #require(mail["headers"] as? [String: String])
        #expect(
            headers["subject"] == "Störung: Pack 3: Rauch oder Gas – Scheune (house-1)")
        #expect(headers["message-id"] == "<0123abcd@example.org>")
        #expect(headers["auto-submitted"] == "auto-generated")
        #expect(headers["to"] == "anna@example.org")
        let body = try #require(mail["body"] as? String)
        #expect(body.contains("Scheune (house-1), seit 2026-09-21 16:13 Europe/Berlin"))
        #expect(body.contains("https://app.example.org/g/house-1"))
        let words = try AlarmTexts("de").text(code: "fire_gas", level: "fault", pack: 3)
        for part in [words.meaning, words.done, words.advice] { #expect(body.contains(part)) }
    }

    @Test func `a name with a line break adds no header and no recipient`() throws {
        let server = try PlayedMailServer("plain", identity)
        let way = try way("smtp+plain", server, password: nil)
        #expect(try send(way, label: "x\r\nBcc: eve@example.org\r\n\r\n.\r\nQUIT") == .sent)
        let mail = try #require(try server.messages.first)
        let names = try #require(mail["names"] as? [String]).map { $0.lowercased() }
        #expect(!names.contains("bcc") && Set(names).count == names.count)
        #expect(mail["to"] as? [String] == ["anna@example.org"])
        #expect(mail["defects"] as? [String] == [])
        // a lone dot ends nothing
        #expect(try #require(mail["body"] as? String).contains("QUIT"))
        for address in [
            "anna@example.org\r\nDATA", "a b@c.de", "<a@b.c>", "a@b,c@d", "@", "a@", "",
        ] {
            guard case .never = try send(way, to: address) else {
                Issue.record("'\(address)' was tried")
                continue
            }
        }
    }

    @Test
    func `a server without TLS, with another's certificate, or another password gets no mail`()
        throws
    {
        let plain = try PlayedMailServer("plain", identity)
        let start = try PlayedMailServer("starttls", identity)
        let other = try LocalIdentity(try TemporaryDirectory("other"))
        for way in [
            try way("smtp", plain, password: nil),
            try way("smtp", start, authorities: other.certificate),
            try way("smtp", start, host: "127.0.0.1"), try way("smtp", start, password: "falsch"),
            try way("smtps", start),
        ] {
            guard case .later(let reason, _) = try send(way) else {
                Issue.record("it was taken, or given up")
                continue
            }
            #expect(!reason.contains("falsch") && !reason.contains("geheim"))
        }
        #expect(try plain.messages.isEmpty && start.messages.isEmpty)
    }

    @Test func `a mailbox that is none is final, one that is full is not`() throws {
        let server = try PlayedMailServer("plain", identity)
        let way = try way("smtp+plain", server, password: nil)
        guard case .never(let reason) = try send(way, to: "nobody@example.org") else {
            Issue.record("expected never")
            return
        }
        #expect(reason.contains("550"))
        guard case .later = try send(way, to: "full@example.org") else {
            Issue.record("expected later")
            return
        }
    }

    @Test func `many houses of one cause are one mail that names ten`() throws {
        let text = DeliveryText(message(count: 300), try AlarmTexts("de"))
        #expect(text.title == "Störung: Pack 3: Rauch oder Gas (300)")
        #expect(text.path == "/alarms")
        #expect(text.body.count { $0.contains("house-") } == 10)
        #expect(text.body.contains("und 290 weitere"))
    }

    @Test(arguments: [
        "smtp+plain://mail.example.org", "http://x", "smtp://", "smtp://a b", "smtp://h:0",
    ])
    func `what names no mail server is refused`(address: String) {
        #expect(throws: HTTPSFailure.self) {
            try SMTPConfiguration(address, authorities: "/ca.pem")
        }
    }

    @Test func `each language of alarms has words for messages`() {
        #expect(DeliveryWords.languages == AlarmTexts.languages.sorted())
    }

    @Test func `the dates and the letters of mail are those of its standards`() {
        #expect(MailLetter.date(0) == "Thu, 01 Jan 1970 00:00:00 +0000")
        #expect(MailLetter.date(1_790_000_000_000) == "Mon, 21 Sep 2026 14:13:20 +0000")
        #expect(MailLetter.quotedPrintable("a=b ") == "a=3Db=20")
        #expect(
            MailLetter.encodedWords(String(repeating: "ü", count: 40)).split(separator: "\r\n ")
                .allSatisfy { $0.utf8.count <= 75 })
    }
}
