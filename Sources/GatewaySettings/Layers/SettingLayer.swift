/// Where a value comes from; a later layer goes over an earlier one.
///
/// Ceilings are the exception: there the more careful value counts, wherever it stands (rule 2).
package enum SettingLayer: String, CaseIterable, Sendable {
    /// What the program does when nobody says anything.
    case builtIn = "built-in"
    /// The file on the gateway, written on site.
    case file
    /// The document of the fleet.
    case remote
}
