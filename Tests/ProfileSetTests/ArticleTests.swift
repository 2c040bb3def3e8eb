import CANProfile
import Foundation
import ProfileSet
import TestKit
import Testing

/// What the articles tell people to write is held to what they promise.
@Suite struct ArticleTests {
    @Test func `the inverter of the article joins a set and proves itself`() throws {
        let path =
            "\(Repository.root)/Sources/CANProfile/CANProfile.docc/AnInverterStepByStep.md"
        let article = try String(contentsOfFile: path, encoding: .utf8)
        func blocks(_ language: String) throws -> [[UInt8]] {
            try article.matches(of: Regex<(Substring, Substring)>("```\(language)\n((?s:.)*?)```"))
                .map { Array($0.output.1.utf8) }
        }
        let (layouts, documents) = (try blocks("dbc"), try blocks("json"))
        try #require(layouts.count == 1 && documents.count == 2)
        var fixture = try SetFixture()
        fixture.files["inverters/acme-h5/frames.dbc"] = layouts[0]
        fixture.files["inverters/acme-h5/profile.json"] = documents[0]
        fixture.files["vectors/inverters/acme-h5.json"] = documents[1]
        try fixture.seal()
        let set = try fixture.load()
        #expect(set.profiles["acme-h5"]?.inverter.chargeVoltageBelowActual == .discharges)
        #expect(set.proofs["acme-h5"]?.total == 4)
        try fixture.replace(
            "vectors/inverters/acme-h5.json", "121#14B0FF473D502900", with: "121#14B000B93D502900")
        #expect(fixture.documentFaults().count == 1, "the sign of the current is proved")
    }
}
