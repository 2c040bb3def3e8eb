"""Validates schemas and documents; called by Tests/schemas."""

import json
import pathlib
import re
import sys

import jsonschema

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class Checker:
    """Counts what was checked and prints what is wrong."""

    def __init__(self):
        self.schemas = {}
        self.faults = 0
        self.documents = 0

    def fault(self, where, words):
        self.faults += 1
        print(f"schemas: {where}: {words}", file=sys.stderr)

    def load_schema(self, path):
        schema = self.parse(path, path.read_text())
        if schema is None:
            return
        if schema.get("$schema") != DIALECT:
            self.fault(path, f"'$schema' is {schema.get('$schema')!r}, expected {DIALECT!r}")
        try:
            jsonschema.Draft202012Validator.check_schema(schema)
        except jsonschema.SchemaError as error:
            self.fault(path, f"no valid JSON Schema at {error.json_path}: {error.message}")
            return
        name = schema.get("$id")
        if not isinstance(name, str) or name in self.schemas:
            self.fault(path, f"'$id' is {name!r}, expected a name of its own")
            return
        self.schemas[name] = jsonschema.Draft202012Validator(
            schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
        )

    def check_asyncapi(self, path):
        """Every reference must lead somewhere, and every address be made of the parameters it names."""
        document = self.parse(path, path.read_text())
        if document is None:
            return
        self.documents += 1
        if document.get("asyncapi") != "3.0.0":
            self.fault(path, f"'asyncapi' is {document.get('asyncapi')!r}, expected '3.0.0'")
        for reference in self.references(document):
            file, _, pointer = reference.partition("#")
            try:
                place = json.loads((path.parent / file).read_text()) if file else document
                for step in pointer.strip("/").split("/") if pointer else []:
                    place = place[step]
            except (KeyError, OSError, TypeError):
                self.fault(path, f"'{reference}' leads nowhere")
        for name, channel in document.get("channels", {}).items():
            named = set(re.findall(r"{(\w+)}", channel["address"]))
            if named != set(channel.get("parameters", {})):
                self.fault(path, f"the address of '{name}' has the parameters {sorted(named)}, described are {sorted(channel.get('parameters', {}))}")
        used = {operation["channel"]["$ref"].rpartition("/")[2] for operation in document.get("operations", {}).values()}
        if used != set(document.get("channels", {})):
            self.fault(path, f"no operation uses {sorted(set(document.get('channels', {})) - used)}")

    def check_openapi(self, path):
        """Every schema must be valid and every reference lead somewhere; addresses, operations and answers be complete."""
        document = self.parse(path, path.read_text())
        if document is None:
            return
        self.documents += 1
        if document.get("openapi") != "3.1.0" or document.get("jsonSchemaDialect") != DIALECT:
            self.fault(path, f"expected OpenAPI 3.1.0 with schemas of {DIALECT!r}")
        for reference in self.references(document):
            try:
                self.at(document, reference)
            except (KeyError, TypeError):
                self.fault(path, f"'{reference}' leads nowhere")
        for name, schema in document["components"]["schemas"].items():
            try:
                jsonschema.Draft202012Validator.check_schema(schema)
            except jsonschema.SchemaError as error:
                self.fault(path, f"schema '{name}' is not valid at {error.json_path}: {error.message}")
        used = {reference.rpartition("/")[2] for reference in self.references(document)}
        for kind in ("schemas", "parameters", "responses"):
            for name in set(document["components"][kind]) - used:
                self.fault(path, f"nothing refers to '{name}' of '{kind}'")
        names = set()
        for address, item in document["paths"].items():
            shared = item.get("parameters", [])
            for method, operation in item.items():
                if method == "parameters":
                    continue
                where = f"{method.upper()} {address}"
                if operation.get("operationId") in names | {None}:
                    self.fault(path, f"{where}: expected an 'operationId' of its own")
                names.add(operation.get("operationId"))
                parameters = [self.resolved(document, p) for p in shared + operation.get("parameters", [])]
                described = {p["name"] for p in parameters if p["in"] == "path" and p.get("required")}
                if described != set(re.findall(r"{(\w+)}", address)):
                    self.fault(path, f"{where}: described are the parameters {sorted(described)}")
                for status, answer in operation["responses"].items():
                    answer = self.resolved(document, answer)
                    if not answer.get("description"):
                        self.fault(path, f"{where}: {status} has no description")
                    if status >= "400" and list(answer.get("content", {})) != ["application/problem+json"]:
                        self.fault(path, f"{where}: {status} is no problem document")

    def at(self, document, reference):
        place = document
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]
        return place

    def resolved(self, document, node):
        return self.at(document, node["$ref"]) if "$ref" in node else node

    def references(self, node):
        if isinstance(node, dict):
            if isinstance(node.get("$ref"), str):
                yield node["$ref"]
            for value in node.values():
                yield from self.references(value)
        elif isinstance(node, list):
            for value in node:
                yield from self.references(value)

    def parse(self, where, text):
        try:
            return json.loads(text)
        except ValueError as error:
            self.fault(where, f"no JSON: {error}")
            return None

    def check_file(self, path):
        text = path.read_text()
        if path.suffix == ".ndjson":
            lines = [(f"{path}:{n}", line) for n, line in enumerate(text.splitlines(), 1)]
        else:
            lines = [(str(path), text)]
        for where, line in lines:
            self.check(where, self.parse(where, line))

    def check(self, where, document):
        if document is None:
            return
        self.documents += 1
        name = document.get("schema") if isinstance(document, dict) else None
        if name not in self.schemas:
            self.fault(where, f"names the schema {name!r}, known {sorted(self.schemas)}")
            return
        errors = sorted(self.schemas[name].iter_errors(document), key=lambda e: e.json_path)
        for error in errors[:10]:
            self.fault(where, f"{error.json_path}: {error.message[:300]}")


    def check_configurations(self, folder):
        """Documents of the fleet, which name their schema by a number."""
        validator = self.schemas.get("amphora/configuration/v1")
        if validator is None:
            self.fault(folder, "there is no schema amphora/configuration/v1")
            return
        for kind, expected in (("good", True), ("bad", False), ("beyond-schema", True)):
            paths = sorted((folder / kind).glob("*.json"))
            if not paths:
                self.fault(folder / kind, "no documents found")
            for path in paths:
                self.documents += 1
                document = self.parse(path, path.read_text())
                if validator.is_valid(document) != expected:
                    words = [e.message[:300] for e in validator.iter_errors(document)]
                    self.fault(path, words or "is valid, expected a fault")


def main():
    root = pathlib.Path(sys.argv[1])
    checker = Checker()
    for path in sorted((root / "Schemas").glob("*.schema.json")):
        checker.load_schema(path)
    for path in sorted((root / "Schemas").glob("*.asyncapi.json")):
        checker.check_asyncapi(path)
    for path in sorted((root / "Schemas").glob("*.openapi.json")):
        checker.check_openapi(path)
    sets = root / "Provisioning" / "ProfileSets"
    for path in sorted(sets.rglob("*.json")):
        checker.check_file(path)
    for path in sorted((root / "Sources" / "Alarms" / "Texts").glob("??.json")):
        checker.check_file(path)
    checker.check_configurations(root / "Tests" / "GatewaySettingsTests" / "Fixtures")
    for name in sys.argv[2:]:
        checker.check_file(pathlib.Path(name))
    if not checker.schemas:
        checker.fault(root / "Schemas", "no schemas found")
    print(
        f"schemas: {len(checker.schemas)} schemas, {checker.documents} documents, "
        f"{checker.faults} faults"
    )
    return 1 if checker.faults else 0


sys.exit(main())
