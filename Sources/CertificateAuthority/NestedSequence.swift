import SwiftASN1

extension ASN1NodeCollection.Iterator {
    /// Reads the next node, which must be a sequence; throws when it is none or there is none.
    mutating func sequence<Value>(
        _ body: (inout ASN1NodeCollection.Iterator) throws -> Value
    ) throws -> Value {
        guard let node = next() else {
            throw ASN1Error.invalidASN1Object(reason: "no sequence where one should be")
        }
        return try DER.sequence(node, identifier: .sequence, body)
    }
}
