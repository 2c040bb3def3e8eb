/// What the fleet knows of a gateway and the house it stands in.
package struct Site: Hashable, Sendable {
    /// The gateway's id.
    package var id: String
    /// The group whose configuration it gets; empty when it has none.
    package var group = ""
    /// Words to find it by.
    package var tags: [String] = []
    /// The model of the machine and where the house stands; empty when nobody said.
    package var model = "", region = ""
    /// Its time zone by its IANA name; empty when nobody said.
    package var zone = ""
    /// The inverter profile it last measured with; empty when it never did.
    package var profile = ""
    /// Name and version of the set that it last called good; empty when it never did.
    package var set = "", version = ""

    /// A gateway of which nothing else is known.
    package init(id: String) { self.id = id }
}

/// Which gateways a rollout is for.
///
/// Of several values of one kind any counts; of several kinds each must hold. A filter without
/// values takes every gateway.
package struct TargetFilter: Hashable, Sendable {
    /// Ids, groups, and words of which the gateway must bear one.
    package var gateways: [String] = [], groups: [String] = [], tags: [String] = []
    /// Words of which it must not bear any.
    package var withoutTags: [String] = []
    /// Models, inverter profiles, regions.
    package var models: [String] = [], profiles: [String] = [], regions: [String] = []
    /// Versions of the set that it runs.
    package var versions: [String] = []

    /// Takes every gateway.
    package init() {}

    /// Whether the rollout is for a gateway.
    package func takes(_ site: Site) -> Bool {
        func holds(_ wanted: [String], _ found: String) -> Bool {
            wanted.isEmpty || wanted.contains(found)
        }
        return holds(gateways, site.id) && holds(groups, site.group)
            && (tags.isEmpty || site.tags.contains { tags.contains($0) })
            && !site.tags.contains { withoutTags.contains($0) }
            && holds(models, site.model) && holds(profiles, site.profile)
            && holds(regions, site.region) && holds(versions, site.version)
    }

    /// Each kind with its values, in the words of the plan; kinds without values are left out.
    package var kinds: [(name: StaticString, values: [String])] {
        let all: [(StaticString, [String])] = [
            ("gateways", gateways), ("groups", groups), ("tags", tags),
            ("without_tags", withoutTags), ("models", models), ("profiles", profiles),
            ("regions", regions), ("versions", versions),
        ]
        return all.filter { !$0.1.isEmpty }.map { (name: $0.0, values: $0.1) }
    }
}
