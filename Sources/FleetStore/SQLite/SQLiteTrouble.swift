internal import CSQLite
import GRDB

/// SQLite's errors in the words of the contract.
enum SQLiteTrouble {
    /// What a result code means for the caller.
    static func error(
        code: Int32, message: String, store: String, operation: String
    ) -> FleetStoreError {
        switch code & 0xFF {
        case SQLITE_BUSY, SQLITE_LOCKED:
            .unavailable(store: store, detail: "cannot \(operation), another process holds it")
        case SQLITE_FULL, SQLITE_IOERR, SQLITE_CANTOPEN, SQLITE_READONLY, SQLITE_PERM,
            SQLITE_NOMEM, SQLITE_INTERRUPT:
            .unavailable(store: store, detail: "cannot \(operation): \(message)")
        case SQLITE_NOTADB, SQLITE_CORRUPT, SQLITE_FORMAT:
            .foreign(store: store, detail: "found while trying to \(operation): \(message)")
        case SQLITE_ERROR where message.hasPrefix("no such"):
            .foreign(
                store: store, detail: "\(message); its tables were not made yet, or by another")
        default: .refused(store: store, operation: operation, detail: message)
        }
    }

    /// The same for whatever a block of GRDB threw.
    static func error(
        _ error: any Error, store: String, operation: String
    ) -> FleetStoreError {
        if let error = error as? FleetStoreError { return error }
        guard let error = error as? DatabaseError else {
            return .refused(store: store, operation: operation, detail: "\(error)")
        }
        return Self.error(
            code: error.resultCode.rawValue, message: error.message ?? "\(error)", store: store,
            operation: operation)
    }
}
