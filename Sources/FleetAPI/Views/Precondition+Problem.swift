import HTTPTypes

extension Precondition {
    /// Throws a ``Problem`` when nothing is named.
    init(_ headers: HTTPFields) throws {
        guard let precondition = headers[.ifMatch].flatMap({ Precondition($0) }) else {
            throw Problem(
                .preconditionMissing, "expected 'If-Match' with the 'ETag' of what is to be changed"
            )
        }
        self = precondition
    }

    /// What is told when it does not hold.
    static var failed: Problem {
        Problem(.preconditionFailed, "somebody else changed it meanwhile; look at it and try again")
    }
}
