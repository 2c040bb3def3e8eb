/// How much a repository may ask of a client.
package struct TUFLimits: Hashable, Sendable {
    /// The most bytes of a root.
    package var rootBytes = 64 << 10
    /// The most bytes of a timestamp.
    package var timestampBytes = 64 << 10
    /// The most bytes of a snapshot, where the timestamp does not say less.
    package var snapshotBytes = 256 << 10
    /// The most bytes of a role that lists targets, where the snapshot does not say less.
    package var targetsBytes = 1 << 20
    /// The most bytes of a target, where its role does not say less: the longest archive of a set.
    package var targetBytes = 16 << 20
    /// The most changes of the root in one update.
    package var roots = 256
    /// The most roles that a search for a target goes through, the first one included.
    package var roles = 32

    /// The limits of a gateway.
    package init() {}
}
