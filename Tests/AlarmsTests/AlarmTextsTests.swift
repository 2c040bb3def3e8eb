import Alarms
import Bank
import Telemetry
import Testing

@testable import GatewayRuntime

@Suite struct AlarmTextsTests {
    private static let levels = ["information", "warning", "protection", "fault"]

    /// Every code that a gateway or the fleet puts into an event.
    private static var codes: [String] {
        AlarmKind.allCases.map(\.code) + UpdateReport.Code.allCases.map(\.rawValue)
            + IdentityAlarm.allCases.map(\.rawValue)
            + OwnEvent.allCases.map(\.rawValue) + ["gateway_silent", "unknown"]
    }

    @Test(arguments: AlarmTexts.languages)
    func `every code and every rule has words in every language, and no words are left over`(
        language: String
    ) throws {
        let texts = try AlarmTexts(language)
        #expect(texts.language == language)
        #expect(texts.codes == Self.codes.sorted())
        #expect(texts.rules == LimitRule.allCases.map(\.code).sorted())
    }

    @Test(arguments: AlarmTexts.languages)
    func `every text is whole: a short title without code, what it means, what to do, who acts`(
        language: String
    ) throws {
        let texts = try AlarmTexts(language)
        for code in texts.codes {
            for level in Self.levels {
                let text = texts.text(code: code, level: level, pack: 16)
                #expect((1...40).contains(text.title.count), "\(code): \(text.title)")
                #expect(!text.title.contains("_"), "\(code): \(text.title)")
                for words in [text.meaning, text.done, text.advice, text.who, text.level] {
                    #expect(!words.isEmpty, "\(code)")
                    #expect(!words.contains("{"), "\(code): \(words)")
                }
                #expect(text.level != level, "\(level) has no words in \(language)")
            }
        }
        for rule in texts.rules {
            let words = texts.reason(rule: rule, pack: 16, cell: 8)
            #expect(words != rule && !words.contains("{"), "\(words)")
        }
    }

    @Test(arguments: AlarmTexts.languages)
    func `all languages name the pack and the cell in the same places`(language: String) throws {
        let (english, other) = (try AlarmTexts("en"), try AlarmTexts(language))
        func names(_ text: String) -> Bool { text.contains("16") }
        for code in english.codes {
            let texts = [english, other].map { $0.text(code: code, level: "fault", pack: 16) }
            #expect(names(texts[0].title) == names(texts[1].title), "\(code)")
            #expect(names(texts[0].done) == names(texts[1].done), "\(code)")
        }
        for rule in english.rules {
            let words = [english, other].map { $0.reason(rule: rule, pack: 16, cell: 77) }
            #expect(names(words[0]) == names(words[1]), "\(rule)")
            #expect(words[0].contains("77") == words[1].contains("77"), "\(rule)")
        }
    }

    @Test func `what the system did follows what the bank does`() throws {
        let texts = try AlarmTexts("en")
        func done(_ code: String, _ level: String) -> String {
            texts.text(code: code, level: level, pack: 7).done
        }
        #expect(done("cell_overvoltage", "warning").contains("works on"))
        #expect(
            done("cell_overvoltage", "protection")
                == "Amphora has told the inverter not to charge pack 7. It can still be discharged."
        )
        #expect(done("pack_undervoltage", "protection").contains("not to discharge pack 7"))
        #expect(done("fire_gas", "fault").contains("no charging, no discharging"))
        #expect(done("cell_imbalance", "protection").contains("works on"))
        #expect(done("pack_silent", "warning").contains("other packs only"))
        #expect(done("update_reverted", "warning").contains("went back by itself"))
    }

    @Test func `a code of a newer gateway has words too`() throws {
        let text = try AlarmTexts("de").text(code: "flux_leak", level: "warning", pack: 0)
        #expect(text.title == "Meldung eines neueren Gateways")
        #expect(text.who == "Ihr Dienstleister kümmert sich")
    }

    @Test func `a language without texts is refused with those there are`() {
        let error = #expect(throws: AlarmTextError.self) { try AlarmTexts("tlh") }
        #expect(error?.description == "no texts in 'tlh', expected one of: en, de, fr")
    }
}
