import Synchronization

/// The newest value of a kind, handed from the thread that makes it to those that show it.
///
/// Readers get a copy; nobody waits for anybody longer than a copy takes.
final class Latest<Value: Sendable>: Sendable {
    private let value: Mutex<Value>

    init(_ value: Value) { self.value = Mutex(value) }

    /// Replaces the value.
    func set(_ new: Value) { value.withLock { $0 = new } }

    /// Changes the value in place.
    func update(_ change: (inout Value) -> Void) { value.withLock { change(&$0) } }

    /// A copy of the value.
    func get() -> Value { value.withLock { $0 } }
}
