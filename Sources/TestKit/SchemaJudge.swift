import FoundationEssentials

/// Holds documents against a schema of `Schemas`; jsonschema for Python is the judge.
package enum SchemaJudge {
    /// Prints `ok` or the first fault for each line of the file, which is one document.
    private static let program = """
        import json, sys, jsonschema
        schema = json.load(open(sys.argv[1]))
        if len(sys.argv) > 3:
            components = schema["components"]
            components["schemas"][sys.argv[3]]
            schema = {"$ref": "#/components/schemas/" + sys.argv[3], "components": components}
        jsonschema.Draft202012Validator.check_schema(schema)
        validator = jsonschema.Draft202012Validator(schema)
        for line in open(sys.argv[2], encoding="utf-8"):
            fault = next((e.message for e in validator.iter_errors(json.loads(line))), "ok")
            print(fault.replace("\\n", " ")[:200])
        """

    /// For each document `ok` or what the schema has against it.
    ///
    /// Throws when jsonschema is not there or the schema itself is wrong.
    package static func verdicts(
        _ schema: String, _ documents: [String]
    ) throws -> [String] {
        try verdicts(file: schema + ".schema.json", [], documents)
    }

    /// The same by a schema of the contract of the fleet's API.
    package static func contractVerdicts(
        _ schema: String, _ documents: [String]
    ) throws -> [String] {
        try verdicts(file: "fleet.openapi.json", [schema], documents)
    }

    private static func verdicts(
        file schema: String, _ part: [String], _ documents: [String]
    ) throws -> [String] {
        let python = try Peers.python(importing: "jsonschema")
        let folder = try TemporaryDirectory("schema")
        let lines = documents.map { $0.split(separator: "\n").joined(separator: " ") }
        let file = folder.file("documents")
        try Data(lines.joined(separator: "\n").utf8).write(to: URL(filePath: file))
        let run = try ChildProcess(
            python,
            [
                "-c", program, "\(Repository.root)/Schemas/\(schema)", file,
            ] + part)
        let status = try run.waitForExit(within: 60_000)
        guard status == .exited(0) else {
            throw TestKitError.ended(program: "jsonschema", status: status, output: run.errors)
        }
        return run.output.split(separator: "\n").map(String.init)
    }
}
