import TestKit
import Testing

@testable import FleetStore

/// Alarms made of words, by the numbers of the rules of `AlarmFold`.
@Suite struct AlarmFoldTests {
    private typealias Entry = AlarmFold.Entry

    private func entry(
        _ change: Entry.Change, at seconds: Int64, _ code: String = "cell_overvoltage",
        pack: Int32 = 1, isWord: Bool = false
    ) -> Entry {
        Entry(
            change: change, code: code, level: "warning", pack: pack, time: seconds * 1000,
            epoch: isWord ? 0 : 7, sequence: isWord ? 0 : seconds, text: "at \(seconds)",
            isWord: isWord)
    }

    private func lines(_ entries: [Entry]) -> [String] {
        AlarmFold.alarms(of: "house", from: entries).map { alarm in
            let end = alarm.cleared.map { "\($0 / 1000) \(alarm.ending.rawValue)" } ?? "open"
            let known = alarm.acknowledged.map { " \(alarm.acknowledgedBy) \($0 / 1000)" } ?? ""
            return "\(alarm.subject.code) \(alarm.subject.pack) \(alarm.raised / 1000)-\(end) "
                + "x\(alarm.times) '\(alarm.text)'\(known)"
        }
    }

    @Test func `an alarm lasts from its raising to its clearing, and not by silence (rule 1)`() {
        #expect(lines([entry(.raised, at: 10)]) == ["cell_overvoltage 1 10-open x1 'at 10'"])
        #expect(
            lines([entry(.raised, at: 10), entry(.cleared, at: 99)])
                == ["cell_overvoltage 1 10-99 cleared x1 'at 10'"])
        #expect(
            lines([
                entry(.raised, at: 10), entry(.raised, at: 11, pack: 2),
                entry(.cleared, at: 99, pack: 2),
            ]) == [
                "cell_overvoltage 1 10-open x1 'at 10'",
                "cell_overvoltage 2 11-99 cleared x1 'at 11'",
            ])
        #expect(lines([entry(.cleared, at: 99)]) == [])
    }

    @Test func `a new beginning ends what the gateway raised, and nothing of the fleet (rule 2)`() {
        let silent = entry(.raised, at: 5, "gateway_silent", pack: 0, isWord: true)
        #expect(
            lines([silent, entry(.raised, at: 10), entry(.started, at: 400)]) == [
                "gateway_silent 0 5-open x1 'at 5'",
                "cell_overvoltage 1 10-400 restart x1 'at 10'",
            ])
        #expect(
            lines([entry(.raised, at: 10), entry(.started, at: 400), entry(.raised, at: 405)])
                == ["cell_overvoltage 1 10-open x2 'at 405'"])
    }

    @Test func `what flickers is one alarm, and is acknowledged once (rule 3)`() {
        let flicker = [
            entry(.raised, at: 10), entry(.acknowledged(by: "anna"), at: 15, isWord: true),
            entry(.cleared, at: 20), entry(.raised, at: 320),
        ]
        #expect(lines(flicker) == ["cell_overvoltage 1 10-open x2 'at 320' anna 15"])
        let again = flicker + [entry(.cleared, at: 330), entry(.raised, at: 631)]
        #expect(
            lines(again) == [
                "cell_overvoltage 1 10-330 cleared x2 'at 320' anna 15",
                "cell_overvoltage 1 631-open x1 'at 631'",
            ])
    }

    @Test
    func `a word said in the moment of the raising counts for it, whoever acknowledges first`() {
        #expect(
            lines([
                entry(.acknowledged(by: "ben"), at: 11, isWord: true),
                entry(.acknowledged(by: "anna"), at: 10, isWord: true), entry(.raised, at: 10),
            ]) == ["cell_overvoltage 1 10-open x1 'at 10' anna 10"])
    }

    @Test(arguments: 1...20)
    func `the order in which words come does not matter`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let changes: [Entry.Change] = [
            .raised, .raised, .cleared, .cleared, .started, .acknowledged(by: "anna"),
        ]
        let entries = (0..<60).map { number in
            entry(
                changes.randomElement(using: &generator) ?? .raised, at: Int64(number) * 97,
                ["cell_overvoltage", "pack_silent"][number % 2],
                pack: .random(in: 1...2, using: &generator))
        }
        let expected = AlarmFold.alarms(of: "house", from: entries)
        for _ in 0..<5 {
            let shuffled = entries.shuffled(using: &generator)
            #expect(AlarmFold.alarms(of: "house", from: shuffled) == expected)
        }
        // at most one of each is open, none ends before it begins, and they come in their order
        #expect(
            Set(expected.filter(\.isOpen).map(\.subject)).count == expected.count(where: \.isOpen))
        #expect(expected.allSatisfy { ($0.cleared ?? .max) >= $0.raised && $0.last >= $0.raised })
        #expect(expected.map(\.raised) == expected.map(\.raised).sorted())
    }

    @Test(arguments: 1...40)
    func `what lies too far back is taken from the alarms that were made of it`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let changes: [Entry.Change] = [
            .raised, .raised, .cleared, .started, .acknowledged(by: "anna"),
        ]
        let entries = (0..<60).map { number in
            entry(
                changes.randomElement(using: &generator) ?? .raised, at: Int64(number) * 97,
                pack: .random(in: 1...2, using: &generator))
        }
        let whole = AlarmFold.alarms(of: "house", from: entries)
        let cut = Int.random(in: 1..<60, using: &generator)
        let first = entries[cut].time
        let earlier = whole.filter { $0.raised < first }
        let resumed = AlarmFold.alarms(
            of: "house", from: Array(entries[cut...]), after: earlier)
        #expect(resumed == whole, "cut at \(cut)")
        #expect(AlarmFold.alarms(of: "house", from: [], after: whole) == whole)
    }

    @Test func `times at the ends of their range do not trap`() {
        let ends: [Int64] = [.min, 0, .max]
        for first in ends {
            for second in ends {
                var (raised, cleared) = (entry(.raised, at: 0), entry(.cleared, at: 0))
                (raised.time, cleared.time) = (first, second)
                #expect(AlarmFold.alarms(of: "h", from: [raised, cleared, raised]).count <= 2)
            }
        }
    }
}
