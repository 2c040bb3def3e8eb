import TestKit
import Testing

@testable import MQTTLink

@Suite struct ConnectionDocumentTests {
    private static let script = """
        import json, sys, jsonschema
        schema = json.load(open(sys.argv[1]))
        for line in sys.argv[2:]:
            jsonschema.Draft202012Validator(schema).validate(json.loads(line))
            print(json.loads(line)['gateway'])
        """

    @Test func `birth, will and farewell follow their schema, whatever the name of the gateway`()
        throws
    {
        let python = try Peers.python(importing: "jsonschema")
        let names = ["gw-1", "quote\"back\\slash", "new\nline", "Zähler 7"]
        for name in names {
            let document = ConnectionDocument(gateway: name, session: 0xAB)
            #expect(document.session == "00000000000000ab")
            let lines = [document.birth, document.will, document.farewell].map {
                String(decoding: $0, as: UTF8.self)
            }
            let schema = Repository.root + "/Schemas/connection-v1.schema.json"
            let run = try ChildProcess(
                python, ["-X", "utf8", "-c", Self.script, schema] + lines)
            #expect(try run.waitForExit(within: 20_000) == .exited(0), "\(run.errors)")
            #expect(run.output == String(repeating: name + "\n", count: 3))
        }
    }
}
