import FleetConfiguration
import StrictJSON
import Testing

private func json(_ text: String) throws -> JSONItem { try JSONParser.parse(Array(text.utf8)) }

@Suite struct LayerMergingTests {
    /// Whether the change sets a key inside what the layer removed or replaced.
    private func setsInside(_ change: JSONItem, ofNoObjectIn layer: JSONItem) -> Bool {
        guard case .object(let changes) = change.value else { return false }
        guard case .object = layer.value else { return true }
        return changes.contains { member in
            layer.member(member.name).map { setsInside(member.item, ofNoObjectIn: $0) } ?? false
        }
    }

    @Test func `a layer changed and laid over does what both did in turn`() throws {
        let texts = [
            #"{"a":1,"b":{"c":2,"d":3}}"#, #"{"b":{"c":null}}"#, #"{"b":null,"e":[1]}"#,
            #"{"b":{"c":7}}"#, #"{"a":{"x":1}}"#, #"{}"#,
        ]
        for below in texts {
            for layer in texts {
                for change in texts {
                    let (below, layer, change) = (
                        try json(below), try json(layer), try json(change)
                    )
                    let inTurn = below.merged(with: layer).merged(with: change)
                    let atOnce = below.merged(with: LayerMerging.composed(layer, change))
                    guard !setsInside(change, ofNoObjectIn: layer) else { continue }
                    #expect(atOnce.canonicalText == inTurn.canonicalText)
                }
            }
        }
    }

    @Test func `taking a key out lets what lies below count again`() throws {
        let layer = try json(#"{"a":1,"b":{"c":2}}"#)
        #expect(LayerMerging.removing(["b", "c"], from: layer)?.canonicalText == #"{"a":1}"#)
        #expect(LayerMerging.removing(["a"], from: layer)?.canonicalText == #"{"b":{"c":2}}"#)
        #expect(LayerMerging.removing(["b", "x"], from: layer) == nil)
        #expect(LayerMerging.removing(["a", "x"], from: layer) == nil)
    }

    @Test func `a difference names keys as people know them`() throws {
        let changes = LayerMerging.difference(
            try json(#"{"a":1,"line":[{"map":"x"}],"u":[1,2]}"#),
            try json(#"{"line":[{"map":"y"}],"u":[1,2],"z":true}"#))
        #expect(
            changes == [
                SettingChange(key: "a", old: "1", new: nil),
                SettingChange(key: "line[0].map", old: #""x""#, new: #""y""#),
                SettingChange(key: "z", old: nil, new: "true"),
            ])
    }
}

@Suite struct SettingTextTests {
    @Test(arguments: [
        ("mqtt.window=50", #"{"mqtt":{"window":50}}"#),
        ("mqtt.host=broker.example", #"{"mqtt":{"host":"broker.example"}}"#),
        (#"inverter.quirks=["x"]"#, #"{"inverter":{"quirks":["x"]}}"#),
        ("log_level=null", #"{"log_level":null}"#), ("a=b=c", #"{"a":"b=c"}"#),
    ])
    func `a setting is read as people type it`(text: String, json: String) throws {
        #expect(try SettingText.parse(text).canonicalText == json)
    }

    @Test(arguments: [
        ("mqtt.window", "expected 'key=value'"), ("=1", "no name of a setting"),
        ("a..b=1", "no name of a setting"), ("line[0].map=x", "is set as a whole"),
        ("a={", "the value is no JSON"), ("a=", "the value is no JSON"),
    ])
    func `what is no setting is told in words`(text: String, words: String) {
        let fault = #expect(throws: SettingFault.self) { try SettingText.parse(text) }
        #expect(fault?.description.contains(words) == true, "\(fault as Any)")
    }
}
